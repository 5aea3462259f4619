use assay_auth::{
    Actor, BuiltInRole, Denied, Grant, KeyId, OrganisationId, Permission, PermissionSet, Principal,
    Scope, UserId,
};
use assay_source::ErrorKind;
use assay_testkit::{SeededRandomness, SettableClock};

struct World {
    ours: OrganisationId,
    theirs: OrganisationId,
    user: UserId,
    key: KeyId,
}

fn world() -> World {
    let clock = SettableClock::default();
    let randomness = SeededRandomness::new(42);
    World {
        ours: OrganisationId::new(&clock, &randomness),
        theirs: OrganisationId::new(&clock, &randomness),
        user: UserId::new(&clock, &randomness),
        key: KeyId::new(&clock, &randomness),
    }
}

fn grant(organisation: OrganisationId, permissions: PermissionSet) -> Grant {
    Grant {
        organisation,
        permissions,
    }
}

#[test]
fn each_wish_has_one_answer() {
    let world = world();
    let person = |role: BuiltInRole| {
        Principal::user(world.user, vec![grant(world.ours, role.permissions())])
    };
    let key = |permissions: &[Permission]| {
        let permissions = PermissionSet::of(permissions);
        Principal::key(world.key, None, grant(world.ours, permissions))
    };
    let developer = person(BuiltInRole::Developer);
    let admin = person(BuiltInRole::Admin);
    let reader = key(&[Permission::ReviewRead]);
    let nobody = Principal::nobody();
    for (name, principal, permission, organisation, answer) in [
        (
            "nobody",
            &nobody,
            Permission::ReviewRead,
            world.ours,
            Err(Denied::Unauthenticated),
        ),
        (
            "a developer reads",
            &developer,
            Permission::ReviewRead,
            world.ours,
            Ok(()),
        ),
        (
            "a developer elsewhere",
            &developer,
            Permission::ReviewRead,
            world.theirs,
            Err(Denied::NotFound),
        ),
        (
            "an admin elsewhere",
            &admin,
            Permission::OrganisationRead,
            world.theirs,
            Err(Denied::NotFound),
        ),
        (
            "what may be seen",
            &developer,
            Permission::TeamManage,
            world.ours,
            Err(Denied::Forbidden(Permission::TeamManage)),
        ),
        (
            "what may not be seen",
            &developer,
            Permission::AuditRead,
            world.ours,
            Err(Denied::NotFound),
        ),
        (
            "what may not be seen is not changed",
            &developer,
            Permission::TaskManage,
            world.ours,
            Err(Denied::NotFound),
        ),
        (
            "a key reads",
            &reader,
            Permission::ReviewRead,
            world.ours,
            Ok(()),
        ),
        (
            "a key does no more than it says",
            &reader,
            Permission::ReviewRun,
            world.ours,
            Err(Denied::Forbidden(Permission::ReviewRun)),
        ),
        (
            "a key of another organisation",
            &reader,
            Permission::ReviewRead,
            world.theirs,
            Err(Denied::NotFound),
        ),
        (
            "an admin",
            &admin,
            Permission::AuditRead,
            world.ours,
            Ok(()),
        ),
    ] {
        let got = principal.authorise(permission, organisation);
        assert_eq!(got.map(|_| ()), answer, "{name}");
    }
}

#[test]
fn a_scope_shows_its_own_organisation_only() {
    let world = world();
    let permissions = BuiltInRole::TeamLead.permissions();
    let principal = Principal::user(world.user, vec![grant(world.ours, permissions)]);
    let scope = principal
        .authorise(Permission::TeamManage, world.ours)
        .unwrap();
    assert_eq!(scope.organisation(), Some(world.ours));
    assert!(scope.admits(world.ours) && !scope.admits(world.theirs));
    assert_eq!(scope.within(world.theirs).unwrap_err(), Denied::NotFound);
    assert_eq!(scope.within(world.ours).unwrap().permissions(), permissions);
    assert_eq!(scope.actor().user(), Some(world.user));
    assert_eq!(
        scope.may_grant(BuiltInRole::Developer.permissions()),
        Ok(())
    );
    let more = scope.may_grant(PermissionSet::ALL).unwrap_err();
    assert_eq!(more, Denied::Forbidden(Permission::OrganisationManage));
    assert_eq!(more.kind(), ErrorKind::Denied);
}

#[test]
fn the_system_reaches_all_until_it_is_narrowed() {
    let world = world();
    let system = Scope::system("retention");
    assert!(system.admits(world.ours) && system.admits(world.theirs));
    assert_eq!(system.actor().to_string(), "system:retention");
    let narrow = system.within(world.ours).unwrap();
    assert!(!narrow.admits(world.theirs));
    assert_eq!(narrow.require(Permission::AuditRead), Ok(()));
}

#[test]
fn a_caller_in_several_organisations_has_each_role_where_it_is() {
    let world = world();
    let principal = Principal::user(
        world.user,
        vec![
            grant(world.ours, BuiltInRole::Admin.permissions()),
            grant(world.theirs, BuiltInRole::Developer.permissions()),
        ],
    );
    assert!(principal.home().is_none());
    assert!(
        principal
            .authorise(Permission::AuditRead, world.ours)
            .is_ok()
    );
    assert!(
        principal
            .authorise(Permission::AuditRead, world.theirs)
            .is_err()
    );
    let actor = Actor::Key(world.key, Some(world.user));
    assert_eq!(actor.user(), Some(world.user));
    assert_eq!(actor.to_string(), format!("key:{}", world.key));
}
