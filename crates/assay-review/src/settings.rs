//! What a review is told: rules, paths, limits, gate. Checked before it runs.

use std::sync::Arc;

use assay_deps::{AdvisoryIndex, LicencePolicy};
use assay_finding::{Baseline, Confidence, Rejected};
use assay_graph::FactStore;
use assay_rules::{
    ConfiguredSuppression, Engine, FlowModels, ProjectRules, RuleSettings, SecretAllow, SecretRules,
};
use assay_source::{RecentPast, RepoPath};
use assay_syntax::{Language, ParseLimits};
use globset::GlobMatcher;
use jiff::civil::Date;

use crate::cache::ReviewCache;
use crate::coverage::CoverageReport;
use crate::gate::GateSettings;
use crate::outside::OutsideFindings;

/// The settings of a review.
#[derive(Clone)]
pub struct Settings {
    /// The version that reports name.
    pub version: String,
    /// The day by which suppressions expire. Part of the settings, so that the
    /// same settings give the same report.
    pub today: Date,
    /// What the configuration says about the rules.
    pub rules: RuleSettings,
    /// Further statements about rules for some paths, later over earlier.
    pub overrides: Vec<PathOverride>,
    /// Paths that are not read, with the pattern as it was written.
    pub exclude: Vec<(String, GlobMatcher)>,
    /// Whether generated and minified files are read.
    pub generated: bool,
    /// Whether vendored files are read.
    pub vendored: bool,
    /// The languages of paths, before detection.
    pub languages: Vec<(GlobMatcher, &'static Language)>,
    /// Secrets that the project allows.
    pub secret_allow: SecretAllow,
    /// The rules for secrets that the project wrote for gitleaks.
    pub secret_rules: SecretRules,
    /// Findings to silence.
    pub suppressions: Vec<ConfiguredSuppression>,
    /// Whether several metrics of one function make one finding.
    pub fold: bool,
    /// Findings that are accepted.
    pub baseline: Option<Baseline>,
    /// What people rejected in earlier reviews.
    pub rejected: Rejected,
    /// The rules that the project wrote.
    pub project: Option<Arc<ProjectRules>>,
    /// What is known of libraries, also from the project.
    pub models: FlowModels,
    /// Findings that are less sure are held back.
    pub confidence_min: Confidence,
    /// Whether held back findings are looked for that take long to find: what
    /// only people at the machine can send (arguments, environment).
    pub local_input: bool,
    /// When the review fails.
    pub gate: GateSettings,
    /// The coverage of the tests.
    pub coverage: Option<CoverageReport>,
    /// What is known against packages.
    pub advisories: AdvisorySource,
    /// What licences of packages are accepted.
    pub licences: LicencePolicy,
    /// Whether the report has the changed lines of each file, for those who show it where the
    /// files are not.
    pub keeps_diff: bool,
    /// How much is read at most.
    pub limits: Limits,
    /// Keeps what the code graph knows of files between reviews.
    pub facts: Option<Arc<dyn FactStore + Send>>,
    /// Reads what the commits before the change did.
    pub past: Option<Arc<dyn RecentPast>>,
    /// What other tools found.
    pub outside: Option<Arc<dyn OutsideFindings>>,
    /// Keeps what is worked out between reviews.
    pub cache: Option<ReviewCache>,
}

/// Where a review learns what is known against packages.
#[derive(Clone, Default)]
pub enum AdvisorySource {
    /// Nowhere, on purpose: nobody is told that nothing was looked up.
    #[default]
    Off,
    /// There is no database.
    Missing,
    /// There is one that cannot be used; why, and what to do.
    Broken(String),
    /// From a database.
    Index(Arc<AdvisoryIndex>),
}

/// Other rule settings for some paths.
#[derive(Clone, Debug)]
pub struct PathOverride {
    /// The paths.
    pub paths: Vec<GlobMatcher>,
    /// What is said about the rules.
    pub rules: RuleSettings,
}

/// How much is read at most. What is over a limit is in the ledger.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one file.
    pub file_bytes_max: u64,
    /// Files of one review.
    pub files_max: usize,
    /// What parsing one file may cost.
    pub parse: ParseLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes_max: 2 * 1024 * 1024,
            files_max: 100_000,
            parse: ParseLimits::default(),
        }
    }
}

impl Settings {
    /// Makes the settings that hold without any configuration.
    pub fn new(version: &str, today: Date) -> Self {
        Self {
            version: version.to_owned(),
            today,
            rules: RuleSettings::default(),
            overrides: Vec::new(),
            exclude: Vec::new(),
            generated: false,
            vendored: false,
            languages: Vec::new(),
            secret_allow: SecretAllow::default(),
            secret_rules: SecretRules::default(),
            suppressions: Vec::new(),
            fold: true,
            baseline: None,
            rejected: Rejected::default(),
            project: None,
            models: FlowModels::default(),
            confidence_min: Confidence::Medium,
            local_input: false,
            gate: GateSettings::default(),
            coverage: None,
            advisories: AdvisorySource::Off,
            licences: LicencePolicy::default(),
            keeps_diff: false,
            limits: Limits::default(),
            facts: None,
            past: None,
            outside: None,
            cache: None,
        }
    }

    /// Returns the statements about rules that hold for a path, the overrides'
    /// after the others.
    pub fn rules_for(&self, path: &RepoPath) -> RuleSettings {
        let mut rules = self.rules.clone();
        for index in self.overrides_for(path) {
            rules
                .statements
                .extend(self.overrides[index].rules.statements.iter().cloned());
        }
        rules
    }

    /// Returns the language that the configuration says a path is in.
    pub(crate) fn language_for(&self, path: &RepoPath) -> Option<&'static Language> {
        let name = path.as_str()?;
        let known = self.languages.iter().find(|(glob, _)| glob.is_match(name));
        known.map(|(_, language)| *language)
    }

    /// Returns which overrides apply to a path, in order.
    pub(crate) fn overrides_for(&self, path: &RepoPath) -> Vec<usize> {
        let Some(name) = path.as_str() else {
            return Vec::new();
        };
        let applies = |one: &PathOverride| one.paths.iter().any(|glob| glob.is_match(name));
        (0..self.overrides.len())
            .filter(|&index| applies(&self.overrides[index]))
            .collect()
    }

    /// Checks the statements about rules.
    ///
    /// # Errors
    ///
    /// The pattern or id that is wrong, and what is wrong with it.
    pub fn check(&self) -> Result<(), (String, String)> {
        let all = std::iter::once(&self.rules).chain(self.overrides.iter().map(|one| &one.rules));
        for rules in all {
            if let Err(errors) = Engine::new(rules)
                && let Some(error) = errors.first()
            {
                let pattern = rules.statements[error.statement()].pattern.clone();
                return Err((pattern, error.to_string()));
            }
        }
        Ok(())
    }
}
