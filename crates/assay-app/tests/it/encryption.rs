//! Encrypted fields are written anew with the newest key, as often as one likes.

use assay_auth::{FieldKeys, KeyName, Scope};
use assay_store::NewUser;
use assay_testkit::on_both_engines;
use assay_testkit::server::TestServer;
use assay_testkit::store::TestStore;
use secrecy::ExposeSecret as _;

on_both_engines!(encrypted_fields_are_written_anew);

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
