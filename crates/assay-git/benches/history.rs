//! What reading a history costs, against `git log -p` in the same run.
//!
//! `cargo bench -p assay-git --bench history` makes a repository;
//! `ASSAY_BENCH_REPOSITORY=FOLDER` names one. Processor time counts. A first reading is
//! mostly what git does as well: decompressing and comparing. What is our own, owners
//! and counts from facts that are known, must reach so many commits a second. The owners of
//! lines are compared with `git blame`; `ASSAY_BENCH_OWNERS=LINES` does that alone, over so
//! many lines. Figures over their limits are an error.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a bench runs git, reads the clock and prints what it measured"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use assay_git::{HistoryOptions, HistoryRead, read_history, read_recent};
use assay_source::file_histories;

/// A first reading may cost so many times `git log -p`.
const RATIO_MAX: f64 = 1.5;
/// Commits a second of processor time, when their facts are known.
const KNOWN_MIN: f64 = 15_000.0;
const ROUNDS: usize = 3;
/// Of the lines so many must have the commit that `git blame` names.
const AGREED_MIN: f64 = 0.995;
/// Lines that are compared at least, where there are so many.
const LINES_COMPARED: usize = 5_000;
/// The repository that is made.
const COMMITS: usize = 3_000;
const FILES: usize = 200;
const LINES: usize = 400;

fn main() -> ExitCode {
    let made = env::temp_dir().join(format!("assay-bench-history-{}", std::process::id()));
    let repository = match env::var_os("ASSAY_BENCH_REPOSITORY") {
        Some(folder) => PathBuf::from(folder),
        None => make(&made.join("repository")),
    };
    let lines_compared = env::var("ASSAY_BENCH_OWNERS").ok();
    let is_alone = lines_compared.is_some();
    let lines_compared = lines_compared.and_then(|lines| lines.parse().ok());
    let lines_compared = lines_compared.unwrap_or(LINES_COMPARED);
    let agrees = owners_agree(&repository, &history(&repository, None), lines_compared);
    if is_alone {
        let _ = fs::remove_dir_all(&made);
        return match agrees {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        };
    }
    let cache = made.join("cache");
    let git = best(|| git_log(&repository));
    let first = best(|| drop(history(&repository, None)));
    let commits = history(&repository, Some(&cache)).history.commits.len() as f64;
    let known = best(|| {
        let read = history(&repository, Some(&cache));
        assert_eq!(read.read, 0);
        assert_eq!(
            file_histories(&read.history).len(),
            read.history.files.len()
        );
    });
    let names = best(|| drop(recent(&repository, None)));
    let newest = recent(&repository, Some(&cache)).history.commits.len() as f64;
    recent(&repository, Some(&cache));
    let names_known = best(|| drop(recent(&repository, Some(&cache))));
    let _ = fs::remove_dir_all(&made);

    let line = |what: &str, commits: f64, seconds: f64| {
        let speed = commits / seconds.max(0.001);
        println!("{what:34} {commits:7} commits {seconds:7.2} s {speed:9.0} commits/s");
        speed
    };
    line("git log -p", commits, git);
    line("history, first reading", commits, first);
    let speed = line("history, facts known", commits, known);
    line("newest commits, first reading", newest, names);
    line("newest commits, known", newest, names_known);
    let ratio = first / git.max(0.01);
    println!(
        "first reading to git log -p: {ratio:.2} (limit {RATIO_MAX}); facts known: {speed:.0} commits/s (limit {KNOWN_MIN:.0})"
    );
    if agrees && ratio <= RATIO_MAX && speed >= KNOWN_MIN {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Compares the commit of each line of files drawn over the whole tree with `git blame`.
fn owners_agree(repository: &Path, read: &HistoryRead, lines_max: usize) -> bool {
    // A step that is prime visits every file, and none twice.
    const STEP: usize = 7_919;
    let history = &read.history;
    let (mut compared, mut agreed, mut files) = (0usize, 0usize, 0usize);
    let count = history.files.len().max(1);
    for turn in 0..count {
        if compared >= lines_max {
            break;
        }
        let file = &history.files[turn * STEP % count];
        let path = history.paths[file.path as usize].to_display();
        let blame = Command::new("git")
            .args(["blame", "--root", "-l", "-s", "HEAD", "--", &path])
            .current_dir(read.root.as_deref().unwrap_or(repository))
            .output();
        let blame = blame.expect("git runs").stdout;
        let blamed = blame
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        let owned = file.lines.iter().flat_map(|run| {
            let id = run
                .commit
                .map(|at| history.commits[at as usize].id.as_str());
            std::iter::repeat_n(id, run.count as usize)
        });
        for (blamed, owned) in blamed.zip(owned) {
            compared += 1;
            agreed += usize::from(owned.is_some_and(|id| blamed.starts_with(id.as_bytes())));
        }
        files += 1;
    }
    let share = agreed as f64 / compared.max(1) as f64;
    println!(
        "owners as git blame: {agreed} of {compared} lines in {files} files, {:.2} % (limit {:.1} %)",
        share * 100.0,
        AGREED_MIN * 100.0
    );
    share >= AGREED_MIN
}

fn request(cache: Option<&Path>) -> HistoryOptions {
    HistoryOptions {
        cache: cache.map(Path::to_owned),
        ..HistoryOptions::default()
    }
}

fn history(repository: &Path, cache: Option<&Path>) -> HistoryRead {
    read_history(repository, "HEAD", &request(cache)).expect("the history can be read")
}

fn recent(repository: &Path, cache: Option<&Path>) -> HistoryRead {
    read_recent(repository, "HEAD", &request(cache)).expect("the past can be read")
}

fn git_log(repository: &Path) {
    let done = Command::new("git")
        .args(["log", "-p"])
        .current_dir(repository)
        .stdout(Stdio::null())
        .status();
    assert!(done.expect("git runs").success());
}

/// Makes a repository in which every commit edits two or three of many files.
fn make(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).expect("the folder can be made");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(folder);
        command
    };
    let done = git(&["init", "--quiet", "--initial-branch=main"]).status();
    assert!(done.expect("git runs").success());
    let mut files: Vec<Vec<String>> = (0..FILES)
        .map(|file| {
            (0..LINES)
                .map(|line| format!("    let part_{line} = {file} * {line};\n"))
                .collect()
        })
        .collect();
    let mut import = git(&["fast-import", "--quiet"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut input = import.stdin.take().expect("it is piped");
    for commit in 0..COMMITS {
        let mut text = format!(
            "commit refs/heads/main\ncommitter A <a@example.com> {} +0000\ndata 2\nx\n\n",
            1_600_000_000 + commit * 600
        );
        let touched = match commit {
            0 => 0..FILES,
            _ => 0..2 + commit % 2,
        };
        for turn in touched {
            let file = if commit == 0 {
                turn
            } else {
                (commit * 7 + turn * 31) % FILES
            };
            let line = (commit * 13 + turn) % files[file].len();
            match commit % 3 {
                0 => files[file].insert(line, format!("    added({commit});\n")),
                1 => files[file][line] = format!("    changed({commit});\n"),
                _ => drop(files[file].remove(line)),
            }
            let content = files[file].concat();
            let length = content.len();
            let _ = writeln!(
                text,
                "M 644 inline src/part{}/file{file}.rs\ndata {length}\n{content}",
                file % 9
            );
        }
        input.write_all(text.as_bytes()).expect("git reads");
    }
    drop(input);
    assert!(import.wait().expect("git ends").success());
    folder.to_owned()
}

/// Does the work a few times; the cheapest time counts.
fn best(work: impl Fn()) -> f64 {
    let cost = |()| {
        let before = processor_seconds();
        work();
        processor_seconds() - before
    };
    std::iter::repeat_n((), ROUNDS)
        .map(cost)
        .min_by(f64::total_cmp)
        .expect("there is at least one round")
}

/// User and system time in hundredths, also of programs that ran (proc(5)).
fn processor_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("benches run on Linux");
    let (_, fields) = stat.rsplit_once(')').expect("the name is in parentheses");
    let fields = fields.split_whitespace().skip(11).take(4);
    let hundredths = fields.filter_map(|field| field.parse::<f64>().ok());
    hundredths.sum::<f64>() / 100.0
}
