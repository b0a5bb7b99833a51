use super::*;

const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

fn headers(parents: &[&str], states: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for parent in parents {
        headers.append(TRACEPARENT, HeaderValue::from_str(parent).expect("header"));
    }
    for state in states {
        headers.append(TRACESTATE, HeaderValue::from_str(state).expect("header"));
    }
    headers
}

#[test]
fn the_specifications_example_is_read_and_written_back() {
    let context =
        TraceContext::extract(&headers(&[GOOD], &["congo=t61rcWkgMzE"])).expect("well formed");
    assert_eq!(
        hex::encode(context.trace_id),
        "4bf92f3577b34da6a3ce929d0e0e4736"
    );
    assert_eq!(hex::encode(context.span_id), "00f067aa0ba902b7");
    assert!(context.is_sampled());

    let mut sent = headers(&["replaced"], &["replaced=1"]);
    context.inject(&mut sent);
    assert_eq!(sent, headers(&[GOOD], &["congo=t61rcWkgMzE"]));
    assert_eq!(context.to_string(), GOOD);
}

#[test]
fn what_is_not_exactly_right_is_refused() {
    for bad in [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
    ] {
        assert_eq!(
            TraceContext::parse(bad.as_bytes()),
            Err(TraceContextError),
            "{bad:?}"
        );
    }
}

#[test]
fn a_later_version_is_read_as_version_00_and_unknown_flags_are_dropped() {
    let later = "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-what-comes-next";
    let context = TraceContext::parse(later.as_bytes()).expect("a later version");
    assert_eq!(
        context.to_string(),
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03"
    );
}

#[test]
fn two_parents_are_none() {
    assert_eq!(TraceContext::extract(&headers(&[GOOD, GOOD], &[])), None);
}

#[test]
fn tracestate_of_several_headers_is_joined_in_order() {
    let context =
        TraceContext::extract(&headers(&[GOOD], &["a=1, ,b=2", "c@d=3\t"])).expect("well formed");
    assert_eq!(context.state.as_deref(), Some("a=1,b=2,c@d=3"));
}

#[test]
fn a_malformed_tracestate_is_discarded_and_the_trace_continues() {
    let too_many = (0..33)
        .map(|n| format!("k{n}=v"))
        .collect::<Vec<_>>()
        .join(",");
    for bad in ["a=1,A=2", "a", "a=", "a=1,a=2", "a=b=c", too_many.as_str()] {
        let context =
            TraceContext::extract(&headers(&[GOOD], &[bad])).expect("the parent is well formed");
        assert_eq!(context.state, None, "{bad:?}");
    }
}

#[test]
fn a_long_tracestate_loses_its_longest_entries_then_its_last() {
    let long = format!("long={}", "x".repeat(200));
    let short: Vec<String> = (0..30)
        .map(|n| format!("key{n:02}={}", "y".repeat(15)))
        .collect();
    let all = format!("{long},{}", short.join(","));
    let context = TraceContext::extract(&headers(&[GOOD], &[&all])).expect("well formed");
    let state = context.state.expect("a state");
    assert!(
        state.len() <= 512 && state.starts_with("key00=") && state.contains("key20="),
        "{state}"
    );
}

#[test]
fn a_child_keeps_the_trace_and_a_root_starts_one() {
    let counter = std::sync::atomic::AtomicU64::new(7);
    let ids = SpanIds::from_fn(move || counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    let root = TraceContext::root(&ids);
    let child = root.child(&ids);
    assert_eq!(child.trace_id, root.trace_id);
    assert_ne!(child.span_id, root.span_id);
    assert_ne!(TraceContext::root(&ids).trace_id, root.trace_id);
}

#[test]
fn a_source_that_draws_zero_makes_no_invalid_id() {
    let ids = SpanIds::from_fn(|| 0);
    let root = TraceContext::root(&ids);
    assert!(TraceContext::parse(root.to_string().as_bytes()).is_ok());
}
