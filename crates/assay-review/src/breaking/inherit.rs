//! Whether a member that a class lost is still there: in a class that it
//! extends, or in all that extend it.
//!
//! Classes are looked for in the files of the change first, then in the tree by
//! their names. Only a change that takes a member away asks.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use assay_rules::{Surface, surface};
use assay_source::{FileTree, FileVersion, SourceText};
use assay_syntax::{ParseLimits, detect, parse};

use super::policy::words;
use crate::file::Examined;

/// Classes above each other.
const DEPTH_MAX: usize = 8;
/// Classes above one that are looked at.
const CLASSES_MAX: usize = 200;
/// Files that are searched for a class.
const FILES_MAX: usize = 2_000;
/// Bytes of one of them.
const BYTES_MAX: u64 = 512 << 10;
/// Files that are parsed because they declare a class of the name.
const PARSED_MAX: usize = 4;
/// Classes of languages and their libraries that have hardly a member of their own.
const BARE: &[&str] = &[
    "object",
    "Object",
    "ABC",
    "Protocol",
    "Generic",
    "Exception",
    "Error",
    "RuntimeException",
    "ABCMeta",
    "EnumMeta",
];

/// A file that declares a class, and what stands in the class's head there.
type Declared = (Arc<Surface>, String);

/// Where a member may be besides its own class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A class that it extends has it.
    Inherited,
    /// A class that it extends is not in the tree.
    Unknown,
    /// Nowhere.
    Gone,
}

/// The classes of the head.
pub(super) struct Classes<'a> {
    tree: &'a dyn FileTree,
    examined: &'a [Examined],
    files: Vec<FileVersion>,
    read: RefCell<HashMap<String, Vec<Arc<Surface>>>>,
}

impl<'a> Classes<'a> {
    pub(super) fn new(
        tree: &'a dyn FileTree,
        files: Vec<FileVersion>,
        examined: &'a [Examined],
    ) -> Self {
        Self {
            tree,
            examined,
            files,
            read: RefCell::new(HashMap::new()),
        }
    }

    /// Says where a member is of a class with such a head.
    pub(super) fn find(&self, language: &str, extends: &str, member: &str) -> Place {
        let mut place = Place::Gone;
        let decided = self.climb(language, extends, &mut |base, declared| {
            if declared.is_empty() {
                place = Place::Unknown;
            }
            let whole = format!("{base}.{member}");
            declared.iter().any(|(surface, _)| {
                surface.names.binary_search(&whole).is_ok() || surface.handed_on.contains(&whole)
            })
        });
        match decided {
            Some(true) => Place::Inherited,
            Some(false) => place,
            None => Place::Unknown,
        }
    }

    /// Looks at each class above a class with such a head once, nearest first: whether
    /// `stop` said yes to one; none when there were too many.
    fn climb(
        &self,
        language: &str,
        extends: &str,
        stop: &mut dyn FnMut(&str, &[Declared]) -> bool,
    ) -> Option<bool> {
        let mut seen: HashSet<String> = HashSet::new();
        let mut level: Vec<String> = bases(extends).map(str::to_owned).collect();
        for _ in 0..DEPTH_MAX {
            let mut above = Vec::new();
            for base in level {
                if !seen.insert(base.clone()) {
                    continue;
                }
                if seen.len() > CLASSES_MAX {
                    return None;
                }
                let declared = self.declared(language, &base);
                if stop(&base, &declared) {
                    return Some(true);
                }
                let heads = declared.iter().flat_map(|(_, heritage)| bases(heritage));
                above.extend(heads.map(str::to_owned));
            }
            if above.is_empty() {
                return Some(false);
            }
            level = above;
        }
        None
    }

    /// Whether a class that extends this one has the member now, and had not.
    pub(super) fn is_in_heirs(&self, language: &str, owner: &str, member: &str) -> bool {
        let end = format!(".{member}");
        self.examined.iter().any(|file| {
            let [base, Some(head)] = &file.surfaces else {
                return false;
            };
            head.items.iter().any(|item| {
                let is_heir = item.owner.as_ref().is_some_and(|heir| {
                    let class = head.items.iter().find(|item| item.name == *heir);
                    class.is_some_and(|class| self.descends(language, &class.heritage, owner))
                });
                let was_there = base
                    .as_ref()
                    .is_some_and(|base| base.names.binary_search(&item.name).is_ok());
                is_heir && !was_there && item.name.ends_with(&end)
            })
        })
    }

    /// Whether a class with such a head extends the owner, also through others.
    fn descends(&self, language: &str, extends: &str, owner: &str) -> bool {
        let decided = self.climb(language, extends, &mut |base, _| base == owner);
        decided == Some(true)
    }

    /// Returns the files that declare a class, with what it extends there.
    fn declared(&self, language: &str, name: &str) -> Vec<Declared> {
        let mut read = self.read.borrow_mut();
        let found = read
            .entry(format!("{language} {name}"))
            .or_insert_with(|| self.search(language, name));
        found
            .iter()
            .filter_map(|surface| Some((Arc::clone(surface), heritage(surface, name)?)))
            .collect()
    }

    fn search(&self, language: &str, name: &str) -> Vec<Arc<Surface>> {
        let changed = self
            .examined
            .iter()
            .filter_map(|file| file.surfaces[1].as_ref());
        let mut found: Vec<Arc<Surface>> = changed
            .filter(|surface| heritage(surface, name).is_some())
            .map(|surface| Arc::new(surface.clone()))
            .collect();
        let marks =
            ["class ", "interface ", "trait ", "struct "].map(|word| format!("{word}{name}"));
        for file in self
            .files
            .iter()
            .filter(|file| is_of(file, language))
            .take(FILES_MAX)
        {
            if found.len() >= PARSED_MAX {
                break;
            }
            let Some(text) = self.text(file) else {
                continue;
            };
            if !marks
                .iter()
                .any(|mark| text.as_str().contains(mark.as_str()))
            {
                continue;
            }
            let Some(language) = detect(&file.path, text.as_str()) else {
                continue;
            };
            let parsed = parse(&text, language, &ParseLimits::default());
            let surface = surface(&file.path, &parsed);
            found.extend(
                surface
                    .filter(|one| heritage(one, name).is_some())
                    .map(Arc::new),
            );
        }
        found
    }

    fn text(&self, file: &FileVersion) -> Option<Arc<SourceText>> {
        let bytes = self.tree.read(file, BYTES_MAX).ok()?;
        Some(Arc::new(SourceText::decode(bytes).ok()?))
    }
}

fn heritage(surface: &Surface, class: &str) -> Option<String> {
    let own = surface.items.iter().find(|item| item.name == class);
    own.map(|item| item.heritage.clone())
}

fn is_of(file: &FileVersion, language: &str) -> bool {
    let ends: &[&str] = match language {
        "python" => &["py", "pyi"],
        "javascript" => &["js", "mjs", "cjs", "jsx"],
        "typescript" | "tsx" => &["ts", "tsx", "mts"],
        "java" => &["java"],
        "kotlin" => &["kt"],
        "php" => &["php"],
        "ruby" => &["rb"],
        "c-sharp" => &["cs"],
        "swift" => &["swift"],
        "cpp" => &["h", "hpp", "hh", "hxx"],
        _ => &[],
    };
    let name = file.path.file_name();
    let end = name.rsplit(|byte| *byte == b'.').next().unwrap_or(b"");
    ends.iter().any(|one| one.as_bytes() == end)
}

/// Returns the classes that a head names: `(Base, t.Generic[T])`, `extends A<B>
/// implements C`.
fn bases(extends: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0u32;
    let outside = extends
        .split_inclusive(['<', '>', '[', ']'])
        .filter(move |part| {
            let is_outside = depth == 0;
            match part.as_bytes().last() {
                Some(b'<' | b'[') => depth += 1,
                Some(b'>' | b']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            is_outside
        });
    outside
        .flat_map(words)
        .filter(|word| word.starts_with(char::is_uppercase) && !BARE.contains(word))
}

#[cfg(test)]
mod tests {
    use super::bases;

    #[test]
    fn the_classes_of_a_head_are_its_names() {
        for (head, expected) in [
            ("(Scaffold)", &["Scaffold"][..]),
            ("(t.Generic[T], App)", &["App"]),
            (
                "<T> extends Base<List<T>> implements Closeable",
                &["Base", "Closeable"],
            ),
            (" extends A implements B,C", &["A", "B", "C"]),
            ("(object)", &[]),
            ("", &[]),
        ] {
            assert_eq!(bases(head).collect::<Vec<_>>(), expected, "{head}");
        }
    }
}
