//! A download at its reader's pace, and its end when there is none.
//!
//! What is fetched and not read lies in memory, here and in the roles behind: some megabytes a download. So a reader
//! that takes nothing for a while is taken for gone. A browser whose download is paused asks for the rest by a range.

use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The same items, fetched one ahead of the reader; cut short when one is not taken within `patience`. Needs a runtime.
pub(super) fn paced<S>(mut items: S, patience: Duration) -> impl Stream<Item = S::Item> + Unpin
where
    S: Stream + Send + Unpin + 'static,
    S::Item: Send,
{
    let (give, mut take) = mpsc::channel(1);
    // Ends with the items, with the reader, or with the patience.
    tokio::spawn(async move {
        loop {
            let item = tokio::select! {
                item = items.next() => item,
                () = give.closed() => return,
            };
            let Some(item) = item else { return };
            match timeout(patience, give.reserve()).await {
                Ok(Ok(place)) => place.send(item),
                Ok(Err(_)) => return,
                Err(_) => {
                    let seconds = patience.as_secs();
                    tracing::debug!(seconds, "a download was given up: nobody reads it");
                    return;
                }
            }
        }
    });
    futures::stream::poll_fn(move |cx| take.poll_recv(cx))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::stream;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_gets_everything() {
        let mut items = paced(stream::iter(0..20), PATIENCE);
        for expected in 0..20 {
            tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
            assert_eq!(items.next().await, Some(expected));
        }
        assert_eq!(items.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_given_up_and_what_it_held_let_go() {
        let held = Arc::new(());
        let source = stream::iter(std::iter::repeat_n(Arc::clone(&held), 20));
        let mut items = paced(source, PATIENCE);
        assert!(items.next().await.is_some());
        tokio::time::sleep(PATIENCE + Duration::from_secs(1)).await;
        let mut left = 0;
        while items.next().await.is_some() {
            left += 1;
        }
        assert_eq!(left, 1, "what was fetched ahead, then the end");
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_source_goes_with_its_reader() {
        let held = Arc::new(());
        let kept = Arc::clone(&held);
        let source = stream::pending::<()>().chain(stream::once(async move { drop(kept) }).boxed());
        drop(paced(source.boxed(), PATIENCE));
        while Arc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
