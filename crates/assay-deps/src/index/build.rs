//! Builds an index from advisories, or from an older index and what changed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::codec::Writer;
use super::{
    AdvisoryIndex, BUCKET_BITS_MAX, BUCKET_BYTES, ENTRY_BYTES, INDEX_VERSION, IndexAbout,
    IndexEcosystem, IndexError, IndexSource, MAGIC, checksum, key_hash,
};
use crate::advisory::{Advisory, OsvDocument};
use crate::cvss::Rating;
use crate::version::VersionOrder;

/// Entries that a bucket has on average, as a power of two.
const BUCKET_LOAD_BITS: u32 = 3;

/// What is known, by ecosystem and name.
type Packages = BTreeMap<(String, String), Vec<Advisory>>;

/// Collects advisories for an index.
#[derive(Default)]
pub struct IndexBuilder {
    /// From the older index.
    old: Packages,
    new: Packages,
    /// When each advisory of the older index was last changed.
    modified: HashMap<String, String>,
    /// Advisories that are not taken over from the older index.
    replaced: HashSet<String>,
    /// Ecosystems of which everything is here.
    whole: BTreeSet<String>,
    /// What is said about how bad a thing is, by each of its identifiers.
    severities: HashMap<String, (Vec<String>, Rating)>,
    summary: IndexSummary,
}

/// What happened to the documents that a builder was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexSummary {
    /// Documents that were not there before, or are newer.
    pub added: u64,
    /// Documents that were there already.
    pub unchanged: u64,
    /// Documents that were taken back by their authors.
    pub withdrawn: u64,
    /// Documents about no package of an ecosystem whose versions are understood.
    pub passed_over: u64,
}

impl IndexBuilder {
    /// Starts with nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts with all that another index has.
    ///
    /// # Errors
    ///
    /// When the other index is damaged or cannot be read.
    pub fn from_index(index: &AdvisoryIndex) -> Result<Self, IndexError> {
        let mut this = Self::default();
        for block in index.blocks() {
            let block = block?;
            for advisory in &block.advisories {
                this.modified
                    .insert(advisory.id.clone(), advisory.modified.clone());
            }
            this.old
                .insert((block.ecosystem, block.name), block.advisories);
        }
        let ecosystems = index.about().ecosystems.iter();
        this.whole = ecosystems
            .filter(|ecosystem| ecosystem.is_whole)
            .map(|ecosystem| ecosystem.name.clone())
            .collect();
        Ok(this)
    }

    /// Takes out what is about packages of an ecosystem, because all of it follows.
    pub fn remove_ecosystem(&mut self, ecosystem: &str) {
        let modified = &mut self.modified;
        self.old.retain(|(own, _), advisories| {
            let stays = own != ecosystem;
            if !stays {
                for advisory in advisories {
                    modified.remove(&advisory.id);
                }
            }
            stays
        });
    }

    /// Notes that everything of an ecosystem is here: a package that is not is a
    /// package that nothing is known against.
    pub fn mark_whole(&mut self, ecosystem: &str) {
        self.whole.insert(ecosystem.to_owned());
    }

    /// Notes that a package was asked for, also when nothing is known against it.
    pub fn mark_asked(&mut self, ecosystem: &str, name: &str) {
        let key = (ecosystem.to_owned(), name.to_owned());
        self.new.entry(key).or_default();
    }

    /// Returns whether an advisory is here that was changed then or later.
    pub fn has(&self, id: &str, modified: &str) -> bool {
        self.modified
            .get(id)
            .is_some_and(|known| !modified.is_empty() && known.as_str() >= modified)
    }

    /// Returns the ecosystems of the packages that were added.
    pub fn added_ecosystems(&self) -> BTreeSet<String> {
        self.new
            .keys()
            .map(|(ecosystem, _)| ecosystem.clone())
            .collect()
    }

    /// Adds a document, in the place of what was there under its identifier; an
    /// older one or the same changes nothing.
    pub fn add(&mut self, document: OsvDocument) {
        let severity = (document.vectors.clone(), document.rating);
        if !document.withdrawn && (!severity.0.is_empty() || severity.1 != Rating::Unknown) {
            for id in &document.aliases {
                self.severities
                    .entry(id.clone())
                    .or_insert_with(|| severity.clone());
            }
            self.severities.insert(document.id.clone(), severity);
        }
        if self.has(&document.id, &document.modified) {
            self.summary.unchanged += 1;
            return;
        }
        self.modified.remove(&document.id);
        if !self.old.is_empty() {
            self.replaced.insert(document.id.clone());
        }
        if document.withdrawn {
            self.summary.withdrawn += 1;
            return;
        }
        self.modified
            .insert(document.id.clone(), document.modified.clone());
        let mut added = false;
        for mut package in document.packages {
            let Some(order) = VersionOrder::of_osv(&package.ecosystem) else {
                continue;
            };
            package.advisory.drop_covered_versions(order);
            let key = (package.ecosystem, package.name);
            self.new.entry(key).or_default().push(package.advisory);
            added = true;
        }
        match added {
            true => self.summary.added += 1,
            false => self.summary.passed_over += 1,
        }
    }

    /// Puts together what was there and what is new.
    fn packages(&mut self) -> Packages {
        let mut packages = std::mem::take(&mut self.old);
        packages.retain(|_, advisories| {
            // An empty list says that the package was asked for.
            let was_empty = advisories.is_empty();
            advisories.retain(|advisory| !self.replaced.contains(&advisory.id));
            was_empty || !advisories.is_empty()
        });
        for (key, advisories) in std::mem::take(&mut self.new) {
            packages.entry(key).or_default().extend(advisories);
        }
        packages
    }

    /// Returns what happened to the documents so far.
    pub fn summary(&self) -> IndexSummary {
        self.summary
    }

    /// Writes the index. The same advisories, date and sources give the same
    /// bytes, in whatever order the documents came.
    pub fn finish(mut self, created: &str, sources: Vec<IndexSource>) -> Vec<u8> {
        let mut ecosystems: Vec<IndexEcosystem> = Vec::new();
        let mut entries: Vec<(u64, Vec<u8>)> = Vec::new();
        for ((ecosystem, name), mut advisories) in self.packages() {
            for advisory in &mut advisories {
                self.borrow_severity(advisory);
            }
            advisories.sort_by(|a, b| (&a.id, &a.release).cmp(&(&b.id, &b.release)));
            match ecosystems.last_mut() {
                Some(last) if last.name == ecosystem => {}
                _ => ecosystems.push(IndexEcosystem {
                    name: ecosystem.clone(),
                    is_whole: self.whole.contains(&ecosystem),
                    packages: 0,
                    advisories: 0,
                }),
            }
            if let Some(last) = ecosystems.last_mut() {
                last.packages += 1;
                last.advisories += advisories.len() as u64;
            }
            let mut block = Writer::default();
            block.text(&ecosystem);
            block.text(&name);
            block.number(advisories.len() as u64);
            for advisory in &advisories {
                block.advisory(advisory);
            }
            entries.push((key_hash(&ecosystem, &name), block.finish()));
        }
        // Stable, so that packages with one hash stay in the order of their names.
        entries.sort_by_key(|(hash, _)| *hash);
        let about = IndexAbout {
            created: created.to_owned(),
            sources,
            ecosystems,
        };
        write(&about, &entries)
    }

    /// Gives an advisory without a severity that of an alias.
    fn borrow_severity(&self, advisory: &mut Advisory) {
        if !advisory.vectors.is_empty() || advisory.rating != Rating::Unknown {
            return;
        }
        let ids = std::iter::once(&advisory.id).chain(&advisory.aliases);
        if let Some((vectors, rating)) = ids.filter_map(|id| self.severities.get(id)).next() {
            advisory.alias_vectors.clone_from(vectors);
            advisory.alias_rating = *rating;
        }
    }
}

fn write(about: &IndexAbout, blocks: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let bucket_bits = blocks
        .len()
        .checked_ilog2()
        .unwrap_or(0)
        .saturating_sub(BUCKET_LOAD_BITS)
        .min(BUCKET_BITS_MAX);
    let mut entries: Vec<u8> = Vec::with_capacity(blocks.len() * ENTRY_BYTES);
    let mut offset = 0_u64;
    for (hash, block) in blocks {
        entries.extend_from_slice(&hash.to_le_bytes());
        entries.extend_from_slice(&offset.to_le_bytes());
        entries.extend_from_slice(&(block.len() as u32).to_le_bytes());
        entries.extend_from_slice(&(checksum(block) as u32).to_le_bytes());
        offset += block.len() as u64;
    }
    let buckets = write_buckets(blocks, &entries, bucket_bits);
    let mut header = Writer::default();
    header.byte(bucket_bits as u8);
    header.number(blocks.len() as u64);
    header.number(checksum(&buckets));
    header.number(buckets.len() as u64 + entries.len() as u64 + offset);
    header.text(&about.created);
    header.number(about.sources.len() as u64);
    for source in &about.sources {
        header.text(&source.ecosystem);
        header.text(&source.origin);
        header.text(&source.etag);
        header.text(&source.modified);
        header.text(&source.checked);
    }
    header.number(about.ecosystems.len() as u64);
    for ecosystem in &about.ecosystems {
        header.text(&ecosystem.name);
        header.byte(u8::from(ecosystem.is_whole));
        header.number(ecosystem.packages);
        header.number(ecosystem.advisories);
    }
    let header = header.finish();
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&INDEX_VERSION.to_le_bytes());
    out.extend_from_slice(&(header.len() as u32).to_le_bytes());
    out.extend_from_slice(&blake3::hash(&header).as_bytes()[..16]);
    out.extend_from_slice(&header);
    out.extend_from_slice(&buckets);
    out.extend_from_slice(&entries);
    for (_, block) in blocks {
        out.extend_from_slice(block);
    }
    out
}

/// Writes where each bucket's entries begin, with their checksum; one more bucket
/// says where the last one ends.
fn write_buckets(blocks: &[(u64, Vec<u8>)], entries: &[u8], bits: u32) -> Vec<u8> {
    let count = 1_usize << bits;
    let mut buckets = Vec::with_capacity((count + 1) * BUCKET_BYTES);
    let bucket_of = |hash: u64| hash.checked_shr(64 - bits).unwrap_or(0) as usize;
    let mut at = 0;
    for bucket in 0..count {
        let first = at;
        while at < blocks.len() && bucket_of(blocks[at].0) == bucket {
            at += 1;
        }
        let own = &entries[first * ENTRY_BYTES..at * ENTRY_BYTES];
        buckets.extend_from_slice(&(first as u32).to_le_bytes());
        buckets.extend_from_slice(&checksum(own).to_le_bytes());
    }
    buckets.extend_from_slice(&(blocks.len() as u32).to_le_bytes());
    buckets.extend_from_slice(&[0; BUCKET_BYTES - 4]);
    buckets
}
