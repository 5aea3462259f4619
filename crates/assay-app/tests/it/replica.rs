//! Who calls is looked up where it is changed: a copy of the database that lags behind
//! would let in whoever was shut out.

use std::sync::Arc;

use assay_app::{App, AppOptions};
use assay_store::{Store, StoreOptions};
use assay_testkit::server::token_keys;
use assay_testkit::store::{TestStore, is_postgres};
use assay_testkit::{SeededRandomness, on_both_engines};
use secrecy::ExposeSecret as _;

on_both_engines!(who_calls_is_never_looked_up_in_a_replica);

async fn who_calls_is_never_looked_up_in_a_replica(test: TestStore) {
    let mut options = StoreOptions::new(&test.url);
    if is_postgres(&test.store) {
        // Nothing listens there: whatever reads it fails.
        options.replica_url = Some("postgres://127.0.0.1:1/none".to_owned());
    }
    let clock = Arc::clone(&test.clock) as _;
    let opened = Store::open(&options, clock, Arc::new(SeededRandomness::new(11))).await;
    let store = opened.unwrap();
    let app = App::new(store.clone(), AppOptions::new("test", token_keys()));
    let first = app.first_key().await.unwrap().unwrap();
    let key = first.text.expose_secret();
    let caller = app.authenticate(key, None).await.unwrap();
    let token = app.token_issue(&caller, None).await.unwrap();
    let token = token.text.expose_secret();
    assert!(app.authenticate(token, None).await.is_ok());
    let session = app.session_begin(key).await.unwrap();
    let of_session = app.authenticate_session(&session.token, None).await;
    assert!(of_session.is_ok());
    app.count_call(&caller).await.unwrap();
    store.close().await;
}
