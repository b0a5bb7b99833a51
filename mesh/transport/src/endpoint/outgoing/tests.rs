use bytes::Bytes;
use futures::stream;
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt as _, Full, StreamBody};

use super::{BoxError, Dispatched, KEEP, Outgoing, Return};

fn whole(body: &'static str) -> Outgoing {
    Outgoing::new(Full::from(body).map_err(Into::into).boxed_unsync())
}

fn frames(frames: Vec<Frame<Bytes>>) -> Outgoing {
    let frames = frames.into_iter().map(Ok::<_, BoxError>);
    Outgoing::new(StreamBody::new(stream::iter(frames)).boxed_unsync())
}

fn data(bytes: impl Into<Bytes>) -> Frame<Bytes> {
    Frame::data(bytes.into())
}

async fn read_all(body: Dispatched) -> Bytes {
    body.collect().await.expect("reads").to_bytes()
}

async fn comes_back(back: Return) -> bool {
    back.wait().await.is_some()
}

#[tokio::test]
async fn an_untouched_body_comes_back_untouched() {
    let (body, back) = whole("hello").dispatch();
    drop(body);
    let returned = back.wait().await.expect("comes back");
    assert!(returned.untouched);
    let (body, _) = returned.outgoing.dispatch();
    assert_eq!(read_all(body).await, "hello");
}

#[tokio::test]
async fn one_small_message_can_be_given_away_again_and_again() {
    let mut outgoing = frames(vec![data("hello")]);
    for _ in 0..3 {
        let (body, back) = outgoing.dispatch();
        assert_eq!(read_all(body).await, "hello");
        let returned = back.wait().await.expect("comes back");
        assert!(!returned.untouched, "it was given away");
        outgoing = returned.outgoing;
    }
}

#[tokio::test]
async fn a_body_interrupted_after_its_first_message_goes_on_from_the_start() {
    let (mut body, back) = frames(vec![data("one "), data("two")]).dispatch();
    body.frame().await.expect("a frame").expect("reads");
    drop(body);
    let returned = back.wait().await.expect("comes back");
    let (body, back) = returned.outgoing.dispatch();
    assert_eq!(read_all(body).await, "one two");
    assert!(!comes_back(back).await, "two messages are not kept");
}

#[tokio::test]
async fn large_messages_and_trailers_are_given_away_once() {
    let large = vec![0; KEEP + 1];
    for outgoing in [
        frames(vec![data(large)]),
        frames(vec![data("a"), Frame::trailers(http::HeaderMap::new())]),
    ] {
        let (body, back) = outgoing.dispatch();
        read_all(body).await;
        assert!(!comes_back(back).await);
    }
}

#[tokio::test]
async fn an_empty_body_never_counts_as_untouched() {
    // A request without a body is complete with its head: it may have been processed.
    let (body, back) = whole("").dispatch();
    assert!(body.is_end_stream());
    drop(body);
    assert!(!back.wait().await.expect("comes back").untouched);
}
