//! Searches that people keep.

use super::*;
use crate::services::contacts::saved_search::MAX_SAVED_SEARCHES;
use crate::services::contacts::saved_search::SavedSearch;

fn search(text: &str) -> SavedSearch {
    SavedSearch::parse(text).expect("it makes sense")
}

pub async fn a_search_is_kept_once_until_it_is_forgotten(store: Store) {
    for text in ["vip", "city:Rome", "vip"] {
        assert!(
            store
                .keep_search(&search(text))
                .await
                .expect("there is room")
        );
    }
    let kept = async || store.saved_searches().await.expect("they can be listed");
    assert_eq!(kept().await, ["city:Rome", "vip"]);
    for _ in 0..2 {
        let forgotten = store.forget_search(&search("vip")).await;
        forgotten.expect("it is gone then");
    }
    assert_eq!(kept().await, ["city:Rome"]);
}

pub async fn a_book_keeps_so_many_searches_and_no_more(store: Store) {
    for number in 0..MAX_SAVED_SEARCHES {
        let kept = store.keep_search(&search(&format!("word {number}"))).await;
        assert!(kept.expect("there is room"));
    }
    let is_kept = async |text| store.keep_search(&search(text)).await.expect("it is open");
    assert!(!is_kept("one more").await);
    assert!(is_kept("word 7").await);
    let forgotten = store.forget_search(&search("word 7")).await;
    forgotten.expect("it is there");
    assert!(is_kept("one more").await);
}
