//! From descriptors with custom options to [`Method`]s, checking every policy on the way.

use std::time::Duration;

use prost_reflect::prost::Message;
use prost_reflect::prost_types::method_options::IdempotencyLevel;
use prost_reflect::{DescriptorPool, MethodDescriptor};

use super::{ContractError, Criticality, Idempotency, Method, Relation, Role, Rule, Workload};
use crate::policy::v1::MethodPolicy;

const POLICY: &str = "preau.policy.v1.policy";

pub(super) fn methods(descriptor_set: &[u8]) -> Result<Vec<Method>, ContractError> {
    let pool = DescriptorPool::decode(descriptor_set)
        .map_err(|error| ContractError::Undecodable(error.to_string()))?;
    pool.services()
        .filter(|service| service.full_name().starts_with("preau."))
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .map(|method| decode(&pool, &method))
        .collect()
}

fn decode(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<Method, ContractError> {
    let service = method.parent_service().full_name().to_owned();
    let path = format!("/{service}/{}", method.name());
    let policy = policy_of(pool, method, &path)?;
    let rules = policy
        .allow
        .iter()
        .map(|rule| decode_rule(rule, method))
        .collect::<Result<_, _>>();
    let workloads = policy
        .workloads
        .iter()
        .map(|name| decode_workload(name))
        .collect::<Result<_, _>>();
    let bad = |problem: String| ContractError::BadPolicy {
        method: path.clone(),
        problem,
    };
    let decoded = Method {
        name: method.name().to_owned(),
        area: service.split('.').nth(1).unwrap_or_default().to_owned(),
        input: method.input().full_name().to_owned(),
        output: method.output().full_name().to_owned(),
        server_streaming: method.is_server_streaming(),
        rules: rules.map_err(bad)?,
        workloads: workloads.map_err(bad)?,
        deadline: deadline_of(&policy).map_err(bad)?,
        criticality: criticality_of(&policy).map_err(bad)?,
        audit: policy.audit,
        idempotency: idempotency_of(method),
        path: path.clone(),
        service,
    };
    check(method, &decoded).map_err(bad)?;
    Ok(decoded)
}

fn policy_of(
    pool: &DescriptorPool,
    method: &MethodDescriptor,
    path: &str,
) -> Result<MethodPolicy, ContractError> {
    let undecodable = |what: String| ContractError::Undecodable(what);
    let extension = pool
        .get_extension_by_name(POLICY)
        .ok_or_else(|| undecodable(format!("extension {POLICY} is missing")))?;
    let options = method.options();
    if !options.has_extension(&extension) {
        return Err(ContractError::NoPolicy {
            method: path.to_owned(),
        });
    }
    let value = options.get_extension(&extension);
    let message = value
        .as_message()
        .ok_or_else(|| undecodable(format!("{POLICY} is not a message")))?;
    MethodPolicy::decode(message.encode_to_vec().as_slice())
        .map_err(|error| undecodable(error.to_string()))
}

fn decode_rule(rule: &crate::policy::v1::Rule, method: &MethodDescriptor) -> Result<Rule, String> {
    let roles: Vec<Role> = rule.roles().collect();
    let relation = rule.relation();
    if roles.is_empty() || roles.contains(&Role::Unspecified) {
        return Err("a rule without roles: list them, ROLE_ANONYMOUS included if meant".into());
    }
    if roles.contains(&Role::Anonymous) != (relation == Relation::Unspecified) {
        return Err("ROLE_ANONYMOUS goes with no relation, every other role with one".into());
    }
    if matches!(
        relation,
        Relation::Member | Relation::Teaches | Relation::School | Relation::Authority
    ) && rule.object.is_empty()
    {
        return Err(format!(
            "{}: name the request field that names the object",
            relation.as_str_name()
        ));
    }
    if !rule.object.is_empty() && !has_field(method, &rule.object) {
        return Err(format!(
            "object `{}` is no field of {}",
            rule.object,
            method.input().full_name()
        ));
    }
    Ok(Rule {
        roles,
        relation,
        object: rule.object.clone(),
    })
}

/// Whether a dotted path names a field of the request.
fn has_field(method: &MethodDescriptor, dotted: &str) -> bool {
    let mut message = Some(method.input());
    for segment in dotted.split('.') {
        let Some(field) = message
            .as_ref()
            .and_then(|message| message.get_field_by_name(segment))
        else {
            return false;
        };
        message = field.kind().as_message().cloned();
    }
    true
}

fn decode_workload(name: &str) -> Result<Workload, String> {
    match name {
        "*" => Ok(Workload::Any),
        "unauthenticated" => Ok(Workload::Unauthenticated),
        "" => Err("an empty workload name".into()),
        name => Ok(Workload::Named(name.to_owned())),
    }
}

fn deadline_of(policy: &MethodPolicy) -> Result<Duration, String> {
    policy
        .deadline
        .and_then(|deadline| Duration::try_from(deadline).ok())
        .filter(|deadline| !deadline.is_zero())
        .ok_or_else(|| "declare a deadline above zero".into())
}

fn criticality_of(policy: &MethodPolicy) -> Result<Criticality, String> {
    match policy.criticality() {
        Criticality::Unspecified => Err("declare a criticality".into()),
        declared => Ok(declared),
    }
}

fn idempotency_of(method: &MethodDescriptor) -> Idempotency {
    let options = method
        .method_descriptor_proto()
        .options
        .clone()
        .unwrap_or_default();
    match options.idempotency_level() {
        IdempotencyLevel::IdempotencyUnknown => Idempotency::Unknown,
        IdempotencyLevel::NoSideEffects => Idempotency::NoSideEffects,
        IdempotencyLevel::Idempotent => Idempotency::Idempotent,
    }
}

fn check(descriptor: &MethodDescriptor, method: &Method) -> Result<(), String> {
    if descriptor.is_client_streaming() {
        return Err("requests are unary: browsers and school proxies can do no other".into());
    }
    if method.workloads.is_empty() {
        return Err("list the workloads that may call, \"*\" for any".into());
    }
    if method.workloads.contains(&Workload::Unauthenticated)
        && (method.workloads.len() > 1 || !method.is_workload_only())
    {
        return Err("\"unauthenticated\" stands alone, without rules".into());
    }
    Ok(())
}
