use std::time::Duration;

use super::{NOW, both};
use crate::domain::LinkKey;

#[tokio::test]
async fn keys_of_links_read_back_the_latest_first_and_old_ones_are_forgotten() {
    both(async |store, _| {
        let day = Duration::from_secs(24 * 60 * 60);
        let (first, second) = (NOW, NOW.plus(day));
        let keys = [first, second].map(|now| LinkKey::generate(now).unwrap());
        for key in &keys {
            store.add_link_key(key).await.unwrap();
        }
        let ids = async |now| {
            let keys = store.link_keys(now).await.unwrap();
            keys.iter().map(LinkKey::id).collect::<Vec<_>>()
        };
        assert_eq!(ids(second).await, [keys[1].id(), keys[0].id()]);
        let read = store.link_keys(second).await.unwrap();
        assert_eq!(read[0].secret(), keys[1].secret());
        assert_eq!(read[0].created_at(), second);

        let later = first.plus(3 * day);
        let third = LinkKey::generate(later).unwrap();
        store.add_link_key(&third).await.unwrap();
        assert_eq!(ids(second).await, [third.id(), keys[1].id()]);
    })
    .await;
}
