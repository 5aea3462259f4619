//! Repositories for tests, made by the git program in a temporary folder: the
//! same commands give the same commit ids on every machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;

/// The time of the first commit; each further one is a minute later.
const FIRST_COMMIT_SECONDS: u64 = 1_700_000_000;

/// A repository in a temporary folder, gone when it is dropped.
#[derive(Debug)]
pub struct GitRepo {
    folder: TempDir,
    root: PathBuf,
    commits: AtomicU64,
}

impl Default for GitRepo {
    fn default() -> Self {
        Self::new()
    }
}

impl GitRepo {
    /// Makes an empty repository with the branch `main`.
    pub fn new() -> Self {
        Self::init(&[])
    }

    /// Makes an empty repository whose objects are named by SHA-256.
    pub fn new_sha256() -> Self {
        Self::init(&["--object-format=sha256"])
    }

    fn init(arguments: &[&str]) -> Self {
        let repo = Self::new_folder();
        let init = ["init", "--quiet", "--initial-branch=main", "--template="];
        repo.git(init.iter().chain(arguments));
        repo
    }

    /// Makes an empty folder that is no repository.
    pub fn new_folder() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("assay-test-")
            .tempdir()
            .expect("a temporary folder can be made");
        // The way to it may be a link (as on macOS); results name the real path.
        let real = folder.path().canonicalize().expect("the folder exists");
        let root = real.join("repo");
        std::fs::create_dir(&root).expect("the folder is new");
        Self {
            folder,
            root,
            commits: AtomicU64::new(0),
        }
    }

    /// Clones this repository into a new folder.
    pub fn clone_with(&self, arguments: &[&str]) -> Self {
        let clone = Self::new_folder();
        let from = format!("file://{}", self.root.display());
        let into = clone.root.to_str().expect("temporary paths are text");
        let mut all = vec!["clone", "--quiet", "--template="];
        all.extend(arguments);
        all.extend([from.as_str(), into]);
        clone.git(all);
        clone
    }

    /// Returns the top folder of the working tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns a folder outside the working tree that goes with it.
    pub fn outside(&self) -> PathBuf {
        self.folder
            .path()
            .canonicalize()
            .expect("the folder exists")
    }

    /// Returns a git command in a clean environment: no configuration of the
    /// machine or the user, a fixed author, a clock that ticks with the commits.
    pub fn command(&self) -> Command {
        let mut command = Command::new("git");
        let minutes = self.commits.load(Ordering::Relaxed);
        let date = format!("{} +0000", FIRST_COMMIT_SECONDS + 60 * minutes);
        command.current_dir(&self.root).env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        for (name, value) in [
            ("HOME", "/nonexistent"),
            ("LC_ALL", "C"),
            ("TZ", "UTC"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_AUTHOR_NAME", "Author"),
            ("GIT_AUTHOR_EMAIL", "author@example.com"),
            ("GIT_AUTHOR_DATE", &date),
            ("GIT_COMMITTER_NAME", "Committer"),
            ("GIT_COMMITTER_EMAIL", "committer@example.com"),
            ("GIT_COMMITTER_DATE", &date),
        ] {
            command.env(name, value);
        }
        for setting in [
            "gc.auto=0",
            "maintenance.auto=false",
            "advice.detachedHead=false",
            "protocol.file.allow=always",
            "core.fsync=none",
        ] {
            command.args(["-c", setting]);
        }
        command
    }

    /// Runs git and returns its output, whether it succeeds or not.
    pub fn try_git(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
        self.command()
            .args(arguments)
            .output()
            .expect("git is installed")
    }

    /// Runs git, which must succeed, and returns what it prints.
    pub fn git_bytes(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Vec<u8> {
        let arguments: Vec<_> = arguments
            .into_iter()
            .map(|word| word.as_ref().to_owned())
            .collect();
        let output = self.try_git(&arguments);
        assert!(
            output.status.success(),
            "git {arguments:?} failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    /// Runs git, which must succeed, and returns what it prints without the
    /// last line end.
    pub fn git(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> String {
        let text = String::from_utf8_lossy(&self.git_bytes(arguments)).into_owned();
        text.strip_suffix('\n').map_or(text.clone(), str::to_owned)
    }

    /// Writes a file, making the folders that it is in.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> &Self {
        let path = self.root.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("the folder can be made");
        }
        std::fs::write(&path, content).expect("the file can be written");
        self
    }

    /// Copies a folder with everything in it, links as links.
    pub fn copy_from(&self, folder: &Path) -> &Self {
        let copied = Command::new("cp")
            .args(["-R", "."])
            .arg(&self.root)
            .current_dir(folder)
            .status();
        assert!(copied.expect("cp runs").success());
        self
    }

    /// Removes a file or a folder.
    pub fn remove(&self, path: impl AsRef<Path>) -> &Self {
        let path = self.root.join(path);
        let metadata = std::fs::symlink_metadata(&path).expect("there is something to remove");
        if metadata.is_dir() {
            std::fs::remove_dir_all(&path).expect("the folder can be removed");
        } else {
            std::fs::remove_file(&path).expect("the file can be removed");
        }
        self
    }

    /// Makes a symbolic link that holds `target`.
    #[cfg(unix)]
    pub fn symlink(&self, path: impl AsRef<Path>, target: impl AsRef<Path>) -> &Self {
        let path = self.root.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("the folder can be made");
        }
        std::os::unix::fs::symlink(target, path).expect("the link can be made");
        self
    }

    /// Makes a named pipe.
    #[cfg(unix)]
    pub fn make_pipe(&self, path: impl AsRef<Path>) -> &Self {
        let path = self.root.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("the folder can be made");
        }
        let made = Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo runs").success());
        self
    }

    /// Makes a file executable, or not.
    #[cfg(unix)]
    pub fn set_executable(&self, path: impl AsRef<Path>, executable: bool) -> &Self {
        use std::os::unix::fs::PermissionsExt;
        let mode = if executable { 0o755 } else { 0o644 };
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(self.root.join(path), permissions).expect("the file is ours");
        self
    }

    /// Commits everything that is on disk and returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(["add", "--all"]);
        self.commit_staged(message)
    }

    /// Commits the index and returns the commit's id.
    pub fn commit_staged(&self, message: &str) -> String {
        self.git([
            "commit",
            "--quiet",
            "--allow-empty",
            "--no-verify",
            "-m",
            message,
        ]);
        self.tick();
        self.rev("HEAD")
    }

    /// Moves the clock on by a minute.
    pub fn tick(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes an object of any content and returns its id.
    pub fn hash_object(&self, kind: &str, content: &[u8]) -> String {
        let file = self.outside().join("object");
        std::fs::write(&file, content).expect("the file can be written");
        let file = file.to_str().expect("temporary paths are text");
        self.git(["hash-object", "-w", "--literally", "-t", kind, file])
    }

    /// Returns the id that a revision names.
    pub fn rev(&self, revision: &str) -> String {
        self.git(["rev-parse", "--verify", "--quiet", revision])
    }
}
