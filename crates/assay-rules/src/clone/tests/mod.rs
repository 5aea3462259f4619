//! Tests of clone detection: trees and changes in memory, and random code.

mod change;
mod limit;
mod planted;
mod tree;

use std::collections::BTreeMap;

use assay_source::{ContentId, ContentStore, FileKind, FileTree, FileVersion, ReadError, RepoPath};
use assay_syntax::detect;

use super::{CloneBlock, CloneClass, CloneFile, CloneOptions, Clones, find_clones};

/// Files in memory.
#[derive(Default)]
struct Files(BTreeMap<String, String>);

impl Files {
    fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter();
        Self(
            files
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }
}

impl ContentStore for Files {
    fn read(&self, version: &FileVersion, bytes_max: u64) -> Result<Vec<u8>, ReadError> {
        let path = version.path.as_str().ok_or(ReadError::Absent)?;
        let text = self.0.get(path).ok_or(ReadError::Absent)?;
        let bytes = text.len() as u64;
        if bytes > bytes_max {
            return Err(ReadError::TooLarge { bytes, bytes_max });
        }
        Ok(text.clone().into_bytes())
    }
}

impl FileTree for Files {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        let versions = self.0.iter().map(|(path, text)| FileVersion {
            path: RepoPath::from(path.as_str()),
            kind: FileKind::File,
            // Equal texts have equal ids, as in a repository.
            content: ContentId::Object(format!("{:x}", fold(text)).into()),
        });
        Ok(versions.collect())
    }
}

fn fold(text: &str) -> u64 {
    text.bytes().fold(text.len() as u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

fn scan(files: &Files, options: &CloneOptions) -> Clones {
    let versions = files.list().unwrap();
    let files_of = versions.iter().filter_map(|version| {
        let language = detect(&version.path, "")?;
        Some(CloneFile { version, language })
    });
    find_clones(&files_of.collect::<Vec<_>>(), files, options)
}

/// Shows a class as `exact a.py:1-9 b.py:3-11`.
fn show(class: &CloneClass) -> String {
    let place = |block: &CloneBlock| {
        let location = &block.location;
        format!(
            " {}:{}-{}",
            location.path, location.start.line, location.end.line
        )
    };
    let mut text = class.kind().as_str().to_owned();
    text.push_str(&place(&class.subject));
    for copy in &class.copies {
        text.push_str(&place(&copy.block));
    }
    text
}

fn show_all(clones: &Clones) -> Vec<String> {
    clones.classes.iter().map(show).collect()
}

fn blocks(class: &CloneClass) -> impl Iterator<Item = &CloneBlock> {
    std::iter::once(&class.subject).chain(class.copies.iter().map(|copy| &copy.block))
}

/// A function of about 100 tokens.
const BLOCK: &str = "\
def total(order, rates):
    amount = 0
    for line in order.lines:
        if line.kind == 'gift' and not line.wrapped:
            continue
        price = line.price * line.count
        amount += price * rates.get(line.region, 1.0)
        if amount > order.limit:
            raise ValueError('over the limit', amount)
    order.total = amount
    order.save(update=['total'], force=True)
    return round(amount, 2)
";

/// The same in a language with braces, of about 130 tokens.
const BRACES: &str = "\
function total(order, rates) {
  let amount = 0;
  for (const line of order.lines) {
    if (line.kind === 'gift' && !line.wrapped) {
      continue;
    }
    const price = line.price * line.count;
    amount += price * rates.get(line.region, 1.0);
    if (amount > order.limit) {
      throw new RangeError('over the limit: ' + amount);
    }
  }
  order.total = amount;
  order.save({ update: ['total'], force: true });
  return Math.round(amount * 100) / 100;
}
";
