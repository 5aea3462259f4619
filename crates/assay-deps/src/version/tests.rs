use std::cmp::Ordering;

use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};
use proptest::sample::select;
use proptest::strategy::Strategy;

use super::VersionOrder;
use super::VersionOrder::{
    Apk, Bytes, Composer, Conan, Cran, Dpkg, Hackage, Maven, NuGet, Pep440, Pub, Rpm, RubyGems,
    Semver,
};

/// Checks a chain such as `1.0-rc1 < 1.0 = 1.0.0`: every pair in it.
fn check(order: VersionOrder, chain: &str) {
    let mut ranked: Vec<(usize, &str)> = Vec::new();
    let mut rank = 0;
    for word in chain.split_whitespace() {
        match word {
            "<" => rank += 1,
            "=" => {}
            version => ranked.push((rank, version)),
        }
    }
    assert!(ranked.len() > 1, "{chain} is no chain");
    for (a_rank, a) in &ranked {
        for (b_rank, b) in &ranked {
            assert_eq!(
                order.compare(a, b),
                a_rank.cmp(b_rank),
                "{order:?}: {a} to {b}"
            );
        }
    }
}

#[test]
fn published_orders_hold() {
    for (order, chains) in PUBLISHED {
        for chain in *chains {
            check(*order, chain);
        }
    }
}

/// The examples of each specification, and the cases that its words decide.
const PUBLISHED: &[(VersionOrder, &[&str])] = &[
    (
        // semver.org, clauses 9 to 11; pkg.go.dev on pseudo-versions and
        // `+incompatible`.
        Semver,
        &[
            "1.0.0 < 2.0.0 < 2.1.0 < 2.1.1",
            "1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-alpha.beta < 1.0.0-beta < 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0-rc.1 < 1.0.0",
            "1.0.0-alpha+001 < 1.0.0+20130313144700 = 1.0.0+exp.sha.5114f85 = 1.0.0",
            "1.9.0 < 1.10.0 < 1.11.0",
            "1.0.0-0.3.7 < 1.0.0-x.7.z.92 < 1.0.0-x-y-z.4 < 1.0.0",
            "v0.0.0-20170915032832-14c0d48ead0c < v0.0.0-20191109021931-daa7c04131f5 < v0.1.0",
            "v1.2.3 < v1.2.4-0.20191109021931-daa7c04131f5 < v1.2.4 = v1.2.4+incompatible",
            "1 = 1.0 = v1.0.0 = =1.0.0 < 1.0.0.1 < 1.0.1",
            "1.21.0-0 < 1.21rc2 < 1.21.0 = 1.21",
            "99999999999999999998.0.0 < 99999999999999999999.0.0",
        ],
    ),
    (
        // The pub_semver package: builds count.
        Pub,
        &[
            "1.0.0-alpha < 1.0.0-alpha.1 < 1.0.0-beta.2 < 1.0.0-beta.11 < 1.0.0-rc.1 < 1.0.0-rc.1+build.1 < 1.0.0 < 1.0.0+0.3.7 < 1.3.7+build < 1.3.7+build.2.b8f12d7 < 1.3.7+build.11.e0f985a",
            "2.0.0 < 2.0.0+1 < 2.0.0+2 < 2.0.0+10 < 2.0.1-dev",
        ],
    ),
    (
        Conan,
        &[
            "1.0.0-rc.1 < 1.0.0 < 1.0.1",
            "1.1.1 < 1.1.1a < 1.1.1k < 1.1.1w < 3.0.0",
            "cci.20200101 < cci.20210203",
            "1.2 = 1.2.0",
        ],
    ),
    (
        // PEP 440, "summary of permitted suffixes and relative ordering" and
        // its examples; setuptools' older order below.
        Pep440,
        &[
            "1.dev0 < 1.0.dev456 < 1.0a1 < 1.0a2.dev456 < 1.0a12.dev456 < 1.0a12 < 1.0b1.dev456 < 1.0b2 < 1.0b2.post345.dev456 < 1.0b2.post345 < 1.0rc1.dev456 < 1.0rc1 < 1.0 < 1.0+abc.5 < 1.0+abc.7 < 1.0+5 < 1.0.post456.dev34 < 1.0.post456 < 1.0.15 < 1.1.dev1",
            "0.9 < 0.9.1 < 0.9.2 < 0.9.10 < 0.9.11 < 1.0 < 1.0.1 < 1.1 < 2.0 < 2.0.1",
            "1.0 < 1.1 < 2.0 < 2013.10 < 2014.04 < 1!1.0 < 1!1.1 < 1!2.0",
            "1.1 = 1.1.0 = v1.1 = 01.1",
            "1.1a1 = 1.1.a1 = 1.1-a1 = 1.1_alpha_1 = 1.1ALPHA1 < 1.1a2",
            "1.1rc1 = 1.1c1 = 1.1pre1 = 1.1.preview1 = 1.1-rc-1",
            "1.2.post2 = 1.2-2 = 1.2-post2 = 1.2rev2 = 1.2.r2 = 1.2post-2",
            "1.2a = 1.2a0 = 1.2.a- < 1.2-beta-.post1 < 1.2 < 1.2.post = 1.2.post0",
            "1.2.dev2 = 1.2dev2 = 1.2-dev-2",
            "1.0+ubuntu.1 = 1.0+ubuntu-1 = 1.0+ubuntu_1",
            "2004d < 0.0.1",
            "1.0.dev-r100 < 2.0-xyz.1 < 1.0",
            "not.a.version < 0.dev0",
            "1.0-foo1 < 1.0-foo2 < 1.0-foo10 < 2.0-foo",
        ],
    ),
    (
        // The POM reference, "version order specification", and the comments
        // of ComparableVersion.
        Maven,
        &[
            "1 < 1.1",
            "1-snapshot < 1 < 1-sp",
            "1-foo2 < 1-foo10",
            "1.foo = 1-foo < 1-1 < 1.1",
            "1.ga = 1-ga = 1-0 = 1.0 = 1 = 1.final = 1-release",
            "1-ga < 1-sp",
            "1-sp-1 < 1-ga-1 = 1-1",
            "1-a1 = 1-alpha-1 = 1alpha1",
            "1-alpha-1 < 1-beta-1 < 1-milestone-1 < 1-rc-1 = 1-cr1 < 1-snapshot < 1 < 1-sp < 1-abc < 1-xyz < 1-1 < 1.1",
            "1.0alpha1 < 1.0beta1 < 1.0-m3 < 1.0 < 1.0.1",
            "1.0.0 = 1.0 = 1 = 1-0 = 1.0-0",
            "2.0.1-xyz < 2.0.1-123",
            "1.0.rc2 < 1.0",
            "2.0.1.mr < 2.0.1-123",
            "1-0.alpha < 1-0.beta",
            "1.0.0.x1 < 1.0.0-x2",
            "foo < 0 < 0.1",
            "1.7 < 1.8 < 1.10 < 1.10.1",
            "31.0-android < 31.0-jre < 31.1-android",
            "4.1.100.final < 4.1.101.final",
            "2.14.0-rc1 < 2.14.0 < 2.14.0.1",
            "20030418.083655 < 20040616",
        ],
    ),
    (
        // The documentation of Gem::Version.
        RubyGems,
        &[
            "1 = 1.0 = 1.0.0",
            "1.0.a < 1.0",
            "1.a < 1.b < 1.b1 < 1.0",
            "1.0.a.2 < 1.0.a.10 < 1.0.b1 < 1.0",
            "1.0.0-alpha = 1.0.0.pre.alpha < 1.0.0.rc1 < 1.0.0",
            "1.8.2.a < 1.8.2.a9 < 1.8.2.a10 < 1.8.2.b < 1.8.2",
            "0.beta.1 = 0.0.beta.1",
            "2.0.0.rc2 < 2.0.0 < 2.0.0.1 < 2.0.1",
        ],
    ),
    (
        // NuGet's "package versioning".
        NuGet,
        &[
            "1.0.1-aaa < 1.0.1-alpha = 1.0.1-ALPHA < 1.0.1-alpha10 < 1.0.1-alpha2 < 1.0.1-beta < 1.0.1-open < 1.0.1-rc.2 < 1.0.1-rc.10 < 1.0.1-zzz < 1.0.1",
            "1.0.1-alpha.2 < 1.0.1-alpha.10",
            "1 = 1.0 = 1.0.0 = 1.0.0.0 = 1.00 < 1.01.1 = 1.1.1",
            "1.00.0.1 = 1.0.0.1 < 1.0.1 < 1.0.01.1 = 1.0.1.1",
            "1.0.7+r3456 = 1.0.7",
        ],
    ),
    (
        // Composer's "versions and constraints", and version_compare's manual.
        Composer,
        &[
            "1.0.0-dev < 1.0.0-alpha1 = 1.0.0-a1 < 1.0.0-beta1 = 1.0.0b1 < 1.0.0-beta2 < 1.0.0-beta10 < 1.0.0-RC1 < 1.0.0 = 1.0 = v1.0.0.0 = 1.0.0-stable < 1.0.0-patch1 = 1.0.0-p1 = 1.0.0pl1 < 1.0.0.1",
            "dev-master < 0.0.1",
            "1.2.0 < 1.2.99 < 1.2.x-dev < 1.3.0",
            "5.2.0 < 5.10.0",
            "2010.01.01 < 2010.01.02",
            "1.0.0+no-build-counts = 1.0.0",
            "1.0-beta.2 < 1.0-rc.1 < 1.0",
        ],
    ),
    (Hackage, &["1 < 1.0 < 1.0.0 < 1.0.1 < 1.2 < 1.10 < 2"]),
    (
        // R's package_version and compareVersion.
        Cran,
        &[
            "0.9-1 = 0.9.1 < 0.10 < 1.0 < 1.0-0 < 1.0-1 < 1.2-10",
            "1 < 1.0 < 1.0.0",
        ],
    ),
    (
        // Debian Policy 5.6.12 and deb-version(7).
        Dpkg,
        &[
            "~~ < ~~a < ~",
            "1.0~~ < 1.0~~a < 1.0~ < 1.0 < 1.0a",
            "1.0~beta1~svn1245 < 1.0~beta1 < 1.0",
            "0:1.0 = 1.0 = 1.0-0 < 1.0-1 < 1.0-1ubuntu1 < 1.0-1+deb12u1 < 1.0-2 < 1.0-10",
            "1.2.3 < 1.2.3-1 < 1.2.4 < 1:0.4",
            "1.0a < 1.0+ < 1.0.",
            "2.9 < 2.10 < 2.10a",
            "7.6-0 < 7.6p2-4",
            "1.18.36 < 1.18.36-1",
            "0.9~rc1-1 < 0.9-1",
        ],
    ),
    (
        // rpm-version(7) and rpm's description of labels.
        Rpm,
        &[
            "1.0~beta1 < 1.0~rc1 < 1.0 < 1.0^ < 1.0^git1~pre2 < 1.0^git1 < 1.0^git2 < 1.0.1 = 1.0.01 = 1.00.1",
            "1.0^20160101 < 1.0^20160101^git1 < 1.0^20160102 < 1.01",
            "1.0 < 1.1 < 1.10 < 2.0",
            "1.0a < 1.0b < 1.0.1",
            "5.5p1 < 5.5p2 < 5.5p10",
            "10xyz < 10.1xyz",
            "xyz10 < xyz10.1",
            "xyz.4 < 2 < 8",
            "1.0010 = 1.10",
            "2_0 = 2.0 = 2+0",
            "2 < 1:0.1",
            "1.0-1.el8 < 1.0-1.el9 < 1.0-2.el8 < 1:0.5-1",
            "1.0~rc1~git123 < 1.0~rc1 < 1.0",
            "1.0~rc1 < 1.0~rc1^git1 < 1.0^git1~pre < 1.0^git1",
        ],
    ),
    (
        // apk-package(5) and apk-tools' comparison.
        Apk,
        &[
            "1.0_alpha < 1.0_alpha1 < 1.0_beta < 1.0_pre2 < 1.0_rc1 < 1.0 < 1.0_cvs < 1.0_svn < 1.0_git20240101 < 1.0_hg < 1.0_p1 < 1.0_p2 < 1.0.1",
            "1.0 < 1.0-r1 < 1.0-r2 < 1.0-r10 < 1.0a < 1.0b",
            "1.2.3 < 1.2.10 < 1.10",
            "1.01 < 1.1",
            "1.0_rc1 < 1.0_rc1-r1 < 1.0_rc2",
        ],
    ),
    (Bytes, &["1.10 < 1.9"]),
];

/// Texts such as versions are made of, joined at random, so that most are nearly
/// versions and many are equal.
fn version() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "0",
        "1",
        "2",
        "10",
        "01",
        "00",
        "9",
        ".",
        ".",
        ".",
        "-",
        "-",
        "_",
        "~",
        "^",
        "+",
        ":",
        "!",
        "a",
        "b",
        "rc",
        "alpha",
        "beta",
        "dev",
        "post",
        "final",
        "ga",
        "sp",
        "snapshot",
        "x",
        "xyz",
        "p",
        "r",
        "-r",
        "RC",
        "pre",
        "v",
        "é",
        " ",
        "milestone",
        "foo",
        "git",
        "_p",
        "_rc",
        "cr",
    ];
    proptest::collection::vec(select(PIECES), 0..7).prop_map(|pieces| pieces.concat())
}

/// Texts that are versions of nearly every ecosystem.
fn plain_version() -> impl Strategy<Value = String> {
    const NUMBERS: &[&str] = &["0", "1", "2", "10"];
    const WORDS: &[&str] = &[
        "",
        "",
        "-alpha",
        "-alpha-1",
        "-beta.2",
        "-rc1",
        ".rc1",
        "a1",
        "-SNAPSHOT",
        "-1",
        "-x",
        ".Final",
        "-sp",
        "-1.foo",
        ".0",
    ];
    let numbers = proptest::collection::vec(select(NUMBERS), 1..4);
    (numbers, select(WORDS)).prop_map(|(numbers, word)| numbers.join(".") + word)
}

fn orders(a: &str, b: &str, c: &str, orders: &[VersionOrder]) -> Result<(), String> {
    for order in orders {
        let (ab, bc, ac) = (
            order.compare(a, b),
            order.compare(b, c),
            order.compare(a, c),
        );
        if order.compare(a, a) != Ordering::Equal {
            return Err(format!("{order:?}: {a:?} is not itself"));
        }
        if order.compare(b, a) != ab.reverse() {
            return Err(format!("{order:?}: {a:?} and {b:?} depend on who asks"));
        }
        let expected = match (ab, bc) {
            (Ordering::Equal, order) | (order, Ordering::Equal) => Some(order),
            (one, other) if one == other => Some(one),
            _ => None,
        };
        if expected.is_some_and(|expected| expected != ac) {
            return Err(format!(
                "{order:?}: {a:?} {ab:?} {b:?} {bc:?} {c:?}, but {ac:?}"
            ));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_is_total(a in version(), b in version(), c in version()) {
        prop_assert_eq!(orders(&a, &b, &c, VersionOrder::ALL), Ok(()));
    }

    #[test]
    fn every_order_is_total_over_plain_versions(
        a in plain_version(), b in plain_version(), c in plain_version()
    ) {
        prop_assert_eq!(orders(&a, &b, &c, VersionOrder::ALL), Ok(()));
    }

    #[test]
    fn nothing_panics(a in ".{0,40}", b in ".{0,40}") {
        for order in VersionOrder::ALL {
            prop_assert!(order.compare(&a, &b) == order.compare(&b, &a).reverse());
        }
    }
}

#[test]
fn very_long_versions_are_cut_and_still_compared() {
    let long = "1-".repeat(100_000);
    let other = "é".repeat(100_000);
    for order in VersionOrder::ALL {
        assert_eq!(order.compare(&long, &long), Ordering::Equal);
        assert_eq!(
            order.compare(&long, &other),
            order.compare(&other, &long).reverse()
        );
    }
}

#[test]
fn ecosystems_of_advisories_have_an_order() {
    for (name, expected) in [
        ("npm", Some(Semver)),
        ("Debian:12", Some(Dpkg)),
        ("Alpine:v3.20", Some(Apk)),
        ("Rocky Linux:9", Some(Rpm)),
        ("Packagist:https://packages.drupal.org/8", Some(Composer)),
        ("Ubuntu:22.04:LTS", Some(Dpkg)),
        ("GIT", None),
        ("Docker", None),
        ("", None),
    ] {
        assert_eq!(VersionOrder::of_osv(name), expected, "{name}");
    }
}
