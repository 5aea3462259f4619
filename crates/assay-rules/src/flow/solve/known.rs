//! What solvers of several files have in common: what the top levels of files
//! leave behind, and answers about names and types that are asked for again and
//! again.
//!
//! Nothing here depends on which file is followed or in which order: what was
//! found under a limit, or in the middle of files that need each other, stays
//! with the solver that found it.

use std::cell::RefCell;
use std::rc::Rc;

use super::{Hit, Sites};
use crate::flow::hash::HashMap;
use crate::flow::heap::Heap;
use crate::flow::ir::{Name, Slot};
use crate::flow::model::Models;
use crate::flow::project::{Project, Target};
use crate::flow::value::ObjectId;

/// So many top levels are kept by one thread: each holds the objects that it made.
const TOPS_MAX: usize = 1_024;

/// So many types are kept by one thread.
const TYPES_MAX: usize = 20_000;

/// So many names are kept by one thread.
const NAMES_MAX: usize = 50_000;

/// What the top level of a file leaves behind.
pub(super) struct Top {
    pub(super) heap: Heap,
    /// The cells of its variables.
    pub(super) cells: HashMap<Slot, ObjectId>,
    pub(super) ids: Sites,
    /// What was found and noted on the way, and which of the file's functions ran.
    pub(super) hits: Vec<Hit>,
    pub(super) notes: Vec<String>,
    pub(super) executed: Vec<Target>,
    /// Whether it comes to the same wherever one begins.
    pub(super) is_settled: bool,
}

/// What the solvers of one thread know together.
#[derive(Default)]
pub(crate) struct Known {
    tops: HashMap<u32, Rc<Top>>,
    types: RefCell<Vec<(&'static str, Types)>>,
    names: RefCell<HashMap<Name, Rc<Meaning>>>,
}

/// What a qualified name means in the project.
pub(super) struct Meaning {
    /// The name that it stands for; most stand for themselves.
    pub(super) meant: Name,
    /// The file of the class that goes by it.
    pub(super) class: Option<u32>,
    /// The function outside of classes that goes by it.
    pub(super) function: Option<Target>,
    /// The file whose top level may set it.
    pub(super) unit: Option<u32>,
}

impl Meaning {
    fn new(project: &Project, name: &Name) -> Self {
        let found = project.found_from_folder(name);
        let name = found.as_ref().unwrap_or(name);
        let class = |name: &str| project.class(name).map(|(unit, _)| unit);
        let owner = name.rsplit_once('.').map(|(owner, _)| owner);
        let by_class = || class(owner?);
        let by_module = || project.module(name).or(project.module(owner?));
        Self {
            meant: project.meant(name),
            class: class(name),
            function: project.free_function(name),
            unit: project.global_of(name).or_else(by_class).or_else(by_module),
        }
    }
}

/// The types of a language.
type Types = HashMap<Name, Type>;

/// What was asked of a type.
#[derive(Default)]
struct Type {
    lineage: Option<Rc<[Name]>>,
    /// By name and number of arguments: what a call on exactly this type
    /// reaches, and what one on something of it does.
    methods: HashMap<Name, Vec<Call>>,
    members: HashMap<Name, Option<Name>>,
}

/// What a call with so many arguments reaches.
struct Call {
    arity: usize,
    is_exact: bool,
    targets: Rc<[Target]>,
}

impl Known {
    pub(super) fn top(&self, unit: u32) -> Option<&Rc<Top>> {
        self.tops.get(&unit)
    }

    pub(super) fn keep_top(&mut self, unit: u32, top: &Rc<Top>) {
        if top.is_settled && self.tops.len() < TOPS_MAX {
            self.tops.insert(unit, Rc::clone(top));
        }
    }

    /// Returns what a name means.
    pub(super) fn meaning(&self, project: &Project, name: &Name) -> Rc<Meaning> {
        let mut names = self.names.borrow_mut();
        if let Some(known) = names.get(name) {
            return Rc::clone(known);
        }
        let found = Rc::new(Meaning::new(project, name));
        if names.len() >= NAMES_MAX {
            names.clear();
        }
        names.insert(Name::clone(name), Rc::clone(&found));
        found
    }

    /// Answers from what is known of a type, or finds it out.
    fn of_type<T: Clone>(
        &self,
        models: &Models,
        name: &Name,
        known: impl Fn(&Type) -> Option<T>,
        find: impl FnOnce() -> T,
        keep: impl FnOnce(&mut Type, T),
    ) -> T {
        let mut all = self.types.borrow_mut();
        let at = all.iter().position(|(of, _)| *of == models.language);
        let at = at.unwrap_or_else(|| {
            all.push((models.language, HashMap::default()));
            all.len() - 1
        });
        let types = &mut all[at].1;
        if let Some(found) = types.get(name).and_then(known) {
            return found;
        }
        let found = find();
        if types.len() >= TYPES_MAX {
            types.clear();
        }
        keep(types.entry(name.clone()).or_default(), found.clone());
        found
    }

    /// Returns the type and all that it is a kind of.
    pub(super) fn lineage(&self, project: &Project, models: &Models, name: &Name) -> Rc<[Name]> {
        self.of_type(
            models,
            name,
            |known| known.lineage.clone(),
            || project.lineage(models, name).into(),
            |known, found| known.lineage = Some(found),
        )
    }

    /// Returns the methods that a call reaches: on exactly this class, or on
    /// something of it, which may be of a class below.
    pub(super) fn methods(
        &self,
        project: &Project,
        models: &Models,
        (class, name): (&Name, &str),
        arity: usize,
        is_exact: bool,
    ) -> Rc<[Target]> {
        self.of_type(
            models,
            class,
            |known| {
                let mut all = known.methods.get(name)?.iter();
                let found = all.find(|call| call.arity == arity && call.is_exact == is_exact)?;
                Some(Rc::clone(&found.targets))
            },
            || match is_exact {
                true => project.methods(class, name, arity).into(),
                false => project.virtual_methods(class, name, arity).into(),
            },
            |known, found| {
                let all = known.methods.entry(Name::from(name)).or_default();
                all.push(Call {
                    arity,
                    is_exact,
                    targets: found,
                });
            },
        )
    }

    /// Returns the type of a member: what its class declares, or what models say.
    pub(super) fn member_type(
        &self,
        project: &Project,
        models: &Models,
        (ty, member): (&Name, &str),
    ) -> Option<Name> {
        let modelled = || {
            let lineage = project.lineage(models, ty);
            let mut known = lineage.iter().filter_map(|ty| models.types.get(ty));
            known.find_map(|ty| ty.returns.get(member).cloned())
        };
        self.of_type(
            models,
            ty,
            |known| known.members.get(member).cloned(),
            || {
                let declared = project.member_type(ty, member);
                let declared = declared.map(|ty| models.canonical(&ty));
                declared.or_else(modelled)
            },
            |known, found| {
                known.members.insert(Name::from(member), found);
            },
        )
    }
}
