//! The crates of the workspace and what they depend on, as cargo sees them.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::run::cargo;

/// The crates of the workspace.
pub(super) struct Workspace {
    /// The crates, sorted by name.
    pub(super) crates: Vec<Crate>,
}

/// One crate.
pub(super) struct Crate {
    /// The package's name.
    pub(super) name: String,
    /// Its folder below the root, such as `crates/assay-git`.
    pub(super) folder: String,
    /// What it depends on.
    pub(super) dependencies: Vec<Dependency>,
}

/// One edge of the dependency graph.
pub(super) struct Dependency {
    /// The package's name.
    pub(super) name: String,
    /// The name under which the code knows it.
    pub(super) alias: String,
    /// For what it is needed.
    pub(super) kind: Kind,
    /// Whether it is a crate of the workspace.
    pub(super) is_member: bool,
}

/// For what a dependency is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Dev,
    Build,
}

impl Workspace {
    /// Asks cargo, without resolving versions and so without a network.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let output = cargo()
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .current_dir(root)
            .output()
            .context("cannot run cargo metadata")?;
        ensure!(
            output.status.success(),
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        Self::of_metadata(&metadata).context("cargo metadata has another shape than expected")
    }

    fn of_metadata(metadata: &Value) -> Option<Self> {
        let root = Path::new(metadata["workspace_root"].as_str()?);
        let mut crates = Vec::new();
        for package in metadata["packages"].as_array()? {
            let manifest = Path::new(package["manifest_path"].as_str()?);
            let folder = manifest.parent()?.strip_prefix(root).ok()?;
            let dependencies = package["dependencies"]
                .as_array()?
                .iter()
                .map(dependency)
                .collect::<Option<_>>()?;
            crates.push(Crate {
                name: package["name"].as_str()?.to_owned(),
                folder: folder.to_str()?.replace('\\', "/"),
                dependencies,
            });
        }
        crates.sort_by(|a, b| a.name.cmp(&b.name));
        Some(Self { crates })
    }

    /// Returns the crate with that name.
    pub(super) fn find(&self, name: &str) -> Option<&Crate> {
        self.crates.iter().find(|found| found.name == name)
    }
}

impl Crate {
    /// Returns the path of the manifest below the root.
    pub(super) fn manifest(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

fn dependency(value: &Value) -> Option<Dependency> {
    let name = value["name"].as_str()?;
    Some(Dependency {
        name: name.to_owned(),
        alias: value["rename"].as_str().unwrap_or(name).to_owned(),
        kind: match value["kind"].as_str() {
            Some("dev") => Kind::Dev,
            Some("build") => Kind::Build,
            _ => Kind::Normal,
        },
        is_member: value["path"].is_string(),
    })
}
