//! The authorization matrix as text: stable, diffable, one line a cell.

use std::fmt::Write;

use super::{Method, Workload};

/// `method  workloads  role  relation  object`, sorted by path, rules in declared order.
pub(super) fn print<'a>(methods: impl Iterator<Item = &'a Method>) -> String {
    let mut text = String::from("# method | workloads | role | relation(object)\n");
    for method in methods {
        let workloads = method
            .workloads
            .iter()
            .map(workload)
            .collect::<Vec<_>>()
            .join(",");
        if method.is_workload_only() {
            let _ = writeln!(text, "{} | {workloads} | (no user) | -", method.path);
        }
        for rule in &method.rules {
            for role in &rule.roles {
                let role = role.as_str_name().trim_start_matches("ROLE_");
                let relation = match rule.relation.as_str_name().trim_start_matches("RELATION_") {
                    "UNSPECIFIED" => "-".to_owned(),
                    relation if rule.object.is_empty() => relation.to_owned(),
                    relation => format!("{relation}({})", rule.object),
                };
                let _ = writeln!(text, "{} | {workloads} | {role} | {relation}", method.path);
            }
        }
    }
    text
}

fn workload(workload: &Workload) -> &str {
    match workload {
        Workload::Any => "*",
        Workload::Unauthenticated => "(unauthenticated)",
        Workload::Named(name) => name,
    }
}
