//! What may not change once released.

use prost_reflect::{
    DescriptorPool, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, ServiceDescriptor,
};

/// Every way in which `new` breaks a promise of `old`, each as a line for the author of the change.
pub(crate) fn violations(old: &DescriptorPool, new: &DescriptorPool) -> Vec<String> {
    let mut broken = Vec::new();
    for message in old
        .all_messages()
        .filter(|message| ours(message.full_name()))
    {
        match new.get_message_by_name(message.full_name()) {
            Some(now) => fields(&message, &now, &mut broken),
            None => broken.push(format!("message {} is gone", message.full_name())),
        }
    }
    for values in old.all_enums().filter(|values| ours(values.full_name())) {
        match new.get_enum_by_name(values.full_name()) {
            Some(now) => enum_values(&values, &now, &mut broken),
            None => broken.push(format!("enum {} is gone", values.full_name())),
        }
    }
    for service in old.services().filter(|service| ours(service.full_name())) {
        match new.get_service_by_name(service.full_name()) {
            Some(now) => methods(&service, &now, &mut broken),
            None => broken.push(format!("service {} is gone", service.full_name())),
        }
    }
    broken
}

fn ours(name: &str) -> bool {
    name.starts_with("preau.")
}

fn fields(old: &MessageDescriptor, new: &MessageDescriptor, broken: &mut Vec<String>) {
    for field in old.fields() {
        let name = field.full_name();
        let Some(now) = new.get_field(field.number()) else {
            broken.push(format!("field {name} is gone: keep it, mark it deprecated"));
            continue;
        };
        if now.name() != field.name() {
            broken.push(format!(
                "field {name} is now called {}: JSON and code know the old name",
                now.name()
            ));
        }
        if type_of(&field) != type_of(&now) {
            broken.push(format!(
                "field {name} changed its type from {} to {}",
                type_of(&field),
                type_of(&now)
            ));
        }
        if field.cardinality() != now.cardinality() {
            broken.push(format!("field {name} changed its cardinality"));
        }
        if field.supports_presence() != now.supports_presence() {
            broken.push(format!("field {name} changed its presence"));
        }
        if oneof(&field) != oneof(&now) {
            let was = oneof(&field).unwrap_or_default();
            broken.push(format!("field {name} left oneof {was}, or joined one"));
        }
    }
}

/// The scalar type, or the full name of the message or enum.
fn type_of(field: &FieldDescriptor) -> String {
    match field.kind() {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(values) => values.full_name().to_owned(),
        scalar => format!("{scalar:?}"),
    }
}

fn oneof(field: &FieldDescriptor) -> Option<String> {
    field
        .containing_oneof()
        .filter(|oneof| !oneof.is_synthetic())
        .map(|oneof| oneof.name().to_owned())
}

fn enum_values(old: &EnumDescriptor, new: &EnumDescriptor, broken: &mut Vec<String>) {
    for value in old.values() {
        match new.get_value(value.number()) {
            None => broken.push(format!(
                "value {} of {} is gone",
                value.number(),
                old.full_name()
            )),
            Some(now) if now.name() != value.name() => {
                broken.push(format!(
                    "value {} of {} is now called {}",
                    value.number(),
                    old.full_name(),
                    now.name()
                ));
            }
            Some(_) => {}
        }
    }
}

fn methods(old: &ServiceDescriptor, new: &ServiceDescriptor, broken: &mut Vec<String>) {
    for method in old.methods() {
        let name = method.full_name();
        let Some(now) = new.methods().find(|now| now.name() == method.name()) else {
            broken.push(format!("method {name} is gone"));
            continue;
        };
        if (method.is_client_streaming(), method.is_server_streaming())
            != (now.is_client_streaming(), now.is_server_streaming())
        {
            broken.push(format!("method {name} changed what it streams"));
        }
        if method.input().full_name() != now.input().full_name() {
            broken.push(format!("method {name} takes another message"));
        }
        if method.output().full_name() != now.output().full_name() {
            broken.push(format!("method {name} answers another message"));
        }
    }
}
