//! The variables by which container platforms tell of other services: Kubernetes of each service
//! of a namespace, Docker of each linked container.

use std::net::IpAddr;

/// Whether a platform sets such a variable for a service, and `value` is what it sets: an own key
/// of such a name has no such value.
pub(super) fn tells_of_a_service(name: &str, value: &str) -> bool {
    forms_of(name).any(|(_, form)| is_link_name(form, value) || is_address_part(form, value))
}

/// The service that Docker links, when this is the variable with its name.
pub(super) fn linked_service<'a>(name: &'a str, value: &str) -> Option<&'a str> {
    let mut forms = forms_of(name);
    let link = forms.find(|(_, form)| is_link_name(form, value));
    link.map(|(service, _)| service)
}

/// Whether this is a variable of the linked service itself, passed on by Docker.
pub(super) fn is_passed_on(name: &str, service: &str) -> bool {
    let rest = name.strip_prefix(service);
    rest.is_some_and(|rest| rest.starts_with("_ENV_"))
}

/// Every way to take a name apart into a service's name, which ends in no underscore, and what is
/// told of it.
fn forms_of(name: &str) -> impl Iterator<Item = (&str, &str)> {
    let cuts = name.match_indices('_').map(|(at, _)| at);
    let parts = cuts.map(|at| (&name[..at], &name[at + 1..]));
    parts.filter(|(service, _)| !service.ends_with('_'))
}

/// `/container/alias`.
fn is_link_name(form: &str, value: &str) -> bool {
    form == "NAME" && value.starts_with('/') && value.matches('/').count() == 2
}

fn is_address_part(form: &str, value: &str) -> bool {
    let words: Vec<&str> = form.split('_').collect();
    match words.as_slice() {
        ["SERVICE", "HOST"] => is_address(value),
        ["SERVICE", "PORT", port_name @ ..] => {
            is_number(value) && port_name.iter().all(|word| !word.is_empty())
        }
        ["PORT"] => is_endpoint(value),
        ["PORT", port, transport, part @ ..] if is_port(port, transport) => match part {
            [] | ["START" | "END"] => is_endpoint(value),
            ["PROTO"] => is_transport(value),
            ["PORT"] | ["PORT", "START" | "END"] => is_number(value),
            ["ADDR"] => is_address(value),
            _ => false,
        },
        _ => false,
    }
}

fn is_port(port: &str, transport: &str) -> bool {
    is_number(port) && is_transport(&transport.to_lowercase())
}

fn is_transport(text: &str) -> bool {
    matches!(text, "tcp" | "udp" | "sctp")
}

fn is_number(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// `tcp://10.96.0.7:80`.
fn is_endpoint(value: &str) -> bool {
    let parts = value.split_once("://");
    parts.is_some_and(|(transport, _)| is_transport(transport))
}
