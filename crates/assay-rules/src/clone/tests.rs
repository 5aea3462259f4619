use std::collections::BTreeMap;

use assay_source::{
    ContentId, ContentStore, FileKind, FileTree, FileVersion, LineRange, ReadError, RepoPath,
    SourceText,
};
use assay_syntax::{detect, language_by_name};

use super::{
    ChangedText, CloneFile, CloneKind, CloneOptions, CloneTree, Clones, find_change_clones,
    find_clones,
};

/// Files in memory.
#[derive(Default)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter();
        Self(
            files
                .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()))
                .collect(),
        )
    }
}

impl ContentStore for Files {
    fn read(&self, version: &FileVersion, _: u64) -> Result<Vec<u8>, ReadError> {
        let path = version.path.as_str().ok_or(ReadError::Absent)?;
        self.0.get(path).cloned().ok_or(ReadError::Absent)
    }
}

impl FileTree for Files {
    fn list(&self) -> Result<Vec<FileVersion>, ReadError> {
        let versions = self.0.keys().map(|path| FileVersion {
            path: RepoPath::from(path.as_str()),
            kind: FileKind::File,
            content: ContentId::Disk,
        });
        Ok(versions.collect())
    }
}

fn scan(files: &Files, options: &CloneOptions) -> Clones {
    let versions = files.list().unwrap();
    let files_of = versions.iter().filter_map(|version| {
        let language = detect(&version.path, "")?;
        Some(CloneFile { version, language })
    });
    find_clones(&files_of.collect::<Vec<_>>(), files, options)
}

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
    return round(amount, 2)
";

#[test]
fn copies_are_found_in_a_tree_and_in_a_change() {
    let options = CloneOptions {
        tokens_min: 50,
        ..CloneOptions::default()
    };
    let renamed = BLOCK.replace("amount", "sum").replace("line", "row");
    let gapped = BLOCK.replace(
        "            continue\n",
        "            log.info('x', line)\n            continue\n",
    );
    for (other, kind) in [
        (BLOCK.to_owned(), CloneKind::Exact),
        (renamed, CloneKind::Renamed),
        (gapped, CloneKind::Gapped),
    ] {
        let files = Files::of(&[("a.py", BLOCK), ("b.py", &format!("x = 1\n\n{other}"))]);
        let clones = scan(&files, &options);
        assert_eq!(clones.classes.len(), 1, "{clones:#?}");
        assert_eq!(clones.classes[0].kind(), kind, "{clones:#?}");
        let text = SourceText::from_text(format!("x = 1\n\n{other}"));
        let path = RepoPath::from("b.py");
        let changed = ChangedText {
            path: &path,
            language: language_by_name("python").unwrap(),
            text: &text,
            added: &[LineRange {
                start: 1,
                count: 20,
            }],
            base: None,
        };
        let tree = CloneTree {
            tree: &files,
            wants: &|_| true,
            cache: None,
        };
        let clones = find_change_clones(&[changed], Some(&tree), &options);
        assert_eq!(clones.classes.len(), 1, "{clones:#?}");
        assert_eq!(clones.classes[0].kind(), kind, "{clones:#?}");
    }
}
