//! Encrypted fields are written anew with the newest key, as often as one likes.

use assay_app::{App, AppOptions, OutgoingWish};
use assay_auth::{FieldKeys, KeyName, Scope};
use assay_store::{NewUser, OutgoingWebhookId};
use assay_testkit::on_both_engines;
use assay_testkit::server::{TestServer, token_keys};
use assay_testkit::store::TestStore;
use secrecy::ExposeSecret as _;

on_both_engines!(
    encrypted_fields_are_written_anew,
    secrets_of_outgoing_webhooks_are_written_anew,
);

fn keys(names: &[&str]) -> FieldKeys {
    let key = |name: &&str| {
        let bytes = vec![name.as_bytes()[1]; 32];
        (KeyName::parse(name).unwrap(), bytes.into())
    };
    FieldKeys::new(names.iter().map(key)).unwrap()
}

async fn encrypted_fields_are_written_anew(test: TestStore) {
    let system = Scope::system("test");
    let mut users = Vec::new();
    let mut tx = test.store.begin().await.unwrap();
    for number in 0..5 {
        let login = format!("user-{number}");
        let new = NewUser {
            login,
            ..NewUser::default()
        };
        let user = tx.user_insert(&system, &new).await.unwrap();
        let place = format!("user.email:{user}");
        let email = format!("{number}@acme.example").into();
        let sealed = keys(&["k1"]).seal(&email, &place, test.store.randomness());
        let sealed = match number {
            4 => b"v1.k0.nonsense".to_vec(),
            _ => sealed.unwrap().into_bytes(),
        };
        tx.user_set_email(&system, user, &sealed).await.unwrap();
        users.push(user);
    }
    tx.commit().await.unwrap();
    let server = TestServer::start_with(test.store.clone(), |options, _, _| {
        options.field_keys = Some(keys(&["k2", "k1"]));
    })
    .await;
    let done = server.app.fields_reencrypt().await.unwrap();
    assert_eq!((done.fields, done.written, done.unreadable), (5, 4, 1));
    let again = server.app.fields_reencrypt().await.unwrap();
    assert_eq!((again.fields, again.written, again.unreadable), (5, 0, 1));
    let mut tx = test.store.read().await.unwrap();
    for (number, user) in users.iter().enumerate().take(4) {
        let sealed = tx
            .user_get(&system, *user)
            .await
            .unwrap()
            .email_sealed
            .unwrap();
        let sealed = String::from_utf8(sealed).unwrap();
        let opened = keys(&["k2"]).open(&sealed, &format!("user.email:{user}"));
        let email = format!("{number}@acme.example");
        assert_eq!(opened.unwrap().expose_secret(), email);
    }
    drop(tx);
    server.stop().await;
}

async fn secrets_of_outgoing_webhooks_are_written_anew(test: TestStore) {
    let server = TestServer::start_with(test.store.clone(), |options, _, _| {
        options.field_keys = Some(keys(&["k1"]));
    })
    .await;
    let wish = OutgoingWish {
        url: "https://example.org/hook".to_owned(),
        events: Vec::new(),
    };
    let caller = server.caller();
    let first = server.app.outgoing_create(&caller, wish).await.unwrap();
    let second = server.app.outgoing_rotate(&caller, first.id).await.unwrap();
    let mut options = AppOptions::new("test", token_keys());
    options.field_keys = Some(keys(&["k2", "k1"]));
    let app = App::new(test.store.clone(), options);
    let done = app.fields_reencrypt().await.unwrap();
    assert_eq!((done.fields, done.written, done.unreadable), (2, 2, 0));
    let again = app.fields_reencrypt().await.unwrap();
    assert_eq!((again.fields, again.written, again.unreadable), (2, 0, 0));
    let mut tx = test.store.read().await.unwrap();
    let id = OutgoingWebhookId::from_identifier(first.id);
    let kept = tx.outgoing_webhook_get(&Scope::system("test"), id).await;
    let kept = kept.unwrap();
    let place = format!("outgoing_webhook.secret:{id}");
    let (before, _) = kept.secret_before.unwrap();
    for (sealed, secret) in [
        (kept.set.secret_sealed, second.secret),
        (before, first.secret),
    ] {
        let sealed = String::from_utf8(sealed).unwrap();
        let opened = keys(&["k2"]).open(&sealed, &place).unwrap();
        assert_eq!(opened.expose_secret(), secret.expose_secret());
    }
    drop(tx);
    server.stop().await;
}
