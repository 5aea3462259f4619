//! A disk that is full: what cannot be kept is not acknowledged, what was acknowledged
//! is there, and when there is room again the same process goes on.

use std::path::Path;
use std::process::Command;

use assay_auth::sign_github;
use secrecy::SecretString;

use crate::serve::Server;

/// A small disk of its own; it goes when it is dropped.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts one, or says why that cannot be: it takes root's rights to mount.
    fn mount(megabytes: u32) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|why| why.to_string())?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder.path())
            .output()
            .map_err(|why| format!("mount: {why}"))?;
        match mounted.status.success() {
            true => Ok(Self { folder }),
            false => Err(String::from_utf8_lossy(&mounted.stderr).trim().to_owned()),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever still has a file open there keeps it until they end.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.folder.path())
            .status();
    }
}

/// Returns text that does not become much smaller when it is packed.
fn noise(bytes: usize) -> String {
    let mut seed = 1_u64;
    let letter = |_| {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        char::from(b'0' + (seed >> 58) as u8)
    };
    // No quote and no backslash is among them.
    (0..bytes).map(letter).filter(|c| *c != '\\').collect()
}

#[test]
fn on_a_full_disk_nothing_is_acknowledged_that_is_not_kept() {
    let disk = match SmallDisk::mount(24) {
        Ok(disk) => disk,
        // In CI this runs as root. A machine that lets nobody mount shows nothing here.
        Err(why) => {
            let is_root = rustix::process::geteuid().is_root();
            let may_mount = !why.contains("permission denied") && !why.contains("not permitted");
            assert!(!is_root || !may_mount, "root cannot mount: {why}");
            eprintln!("no disk could be mounted, so this shows nothing: {why}");
            return;
        }
    };
    let secret = "s3cret".repeat(6);
    let variables = [("ASSAY_GITHUB_WEBHOOK_SECRET", secret.clone())];
    let data = disk.path().join("data");
    let server = Server::start(&data, &variables);
    let secret = SecretString::from(secret);
    let filler = noise(400_000);
    let body = format!("{{\"action\":\"labeled\",\"filler\":\"{filler}\"}}");
    let deliver = |number: usize| {
        let answer = ureq::post(format!("{}/webhooks/github", server.url))
            .config()
            .http_status_as_error(false)
            .build()
            .header("content-type", "application/json")
            .header("x-github-event", "repository")
            .header("x-github-delivery", format!("d-{number}"))
            .header("x-hub-signature-256", sign_github(&secret, body.as_bytes()))
            .send(body.as_bytes())
            .expect("the server answers");
        answer.status().as_u16()
    };
    // Something else fills the disk while webhooks come in.
    let other = disk.path().join("other");
    std::fs::write(&other, vec![0; 6 << 20]).unwrap();
    // What is written back makes room now and then, so that one is taken after another
    // was refused.
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    while refused.len() < 6 {
        let number = taken.len() + refused.len();
        assert!(number < 1_000, "the disk never fills");
        match deliver(number) {
            202 => taken.push(number),
            503 => refused.push(number),
            other => panic!("{other} after {} that were taken", taken.len()),
        }
    }
    assert!(taken.len() > 3, "{taken:?}");
    assert!(server.text("/health/live").contains("ok"), "it lives");
    // There is room again.
    std::fs::remove_file(&other).unwrap();
    server.wait(
        || deliver(999_999) != 503,
        || "it does not go on".to_owned(),
    );
    for known in taken {
        assert_eq!(deliver(known), 200, "what was acknowledged is known");
    }
    assert_eq!(deliver(refused[0]), 202, "what was refused is not");
    let live = server.text("/health/ready");
    assert!(live.contains("\"state\":\"ok\""), "{live}");
}
