//! The graph of a file's packages: who asks for whom, what is reached from
//! where, and the shortest way from what the project itself asks for.

use std::collections::VecDeque;

use crate::package::Package;

/// The shortest ways from the direct packages of a file to all others.
#[derive(Clone, Debug)]
pub struct Paths {
    /// For each package the step before it; none when it begins a way, and
    /// itself when no way leads to it.
    previous: Vec<Option<u32>>,
}

impl Paths {
    /// Finds them, in steps proportional to the packages and their parents.
    /// Of several shortest ways it takes the one that stands first in the file.
    pub fn new(packages: &[Package]) -> Self {
        let roots: Vec<u32> = indices(packages, |package| package.direct);
        let children = children(packages);
        let mut previous: Vec<Option<u32>> =
            (0..packages.len()).map(|at| Some(at as u32)).collect();
        let mut queue: VecDeque<u32> = VecDeque::with_capacity(roots.len());
        for root in roots {
            previous[root as usize] = None;
            queue.push_back(root);
        }
        while let Some(at) = queue.pop_front() {
            for &child in &children[at as usize] {
                if previous[child as usize] == Some(child) {
                    previous[child as usize] = Some(at);
                    queue.push_back(child);
                }
            }
        }
        Self { previous }
    }

    /// Returns the way to a package, from a direct one to the package itself.
    /// A package that no way leads to is alone on its way.
    pub fn to(&self, index: u32) -> Vec<u32> {
        let mut way = vec![index];
        let mut at = index;
        while let Some(Some(before)) = self.previous.get(at as usize).copied() {
            if before == at {
                break;
            }
            way.push(before);
            at = before;
        }
        way.reverse();
        way
    }
}

/// Returns the packages that are asked for by each package.
pub(crate) fn children(packages: &[Package]) -> Vec<Vec<u32>> {
    let mut children = vec![Vec::new(); packages.len()];
    for (at, package) in packages.iter().enumerate() {
        for &parent in &package.parents {
            if let Some(list) = children.get_mut(parent as usize) {
                list.push(at as u32);
            }
        }
    }
    children
}

/// Returns which packages are reached from some of them.
pub(crate) fn reached(packages: &[Package], from: Vec<u32>) -> Vec<bool> {
    let children = children(packages);
    let mut reached = vec![false; packages.len()];
    let mut open = from;
    while let Some(at) = open.pop() {
        let Some(seen) = reached.get_mut(at as usize) else {
            continue;
        };
        if !std::mem::replace(seen, true) {
            open.extend(&children[at as usize]);
        }
    }
    reached
}

/// Marks what is reached from `dev` and not from `others` as used in
/// development only.
pub(crate) fn mark_dev(packages: &mut [Package], others: Vec<u32>, dev: Vec<u32>) {
    let used = reached(packages, others);
    let in_dev = reached(packages, dev);
    for (at, package) in packages.iter_mut().enumerate() {
        if in_dev[at] && !used[at] {
            package.dev = true;
        }
    }
}

/// Marks as direct what nobody in the file asks for: for lockfiles that do not
/// say what the project itself asks for. A circle that nobody outside asks for
/// keeps its first package as the direct one.
pub(crate) fn mark_unasked_direct(packages: &mut [Package]) {
    for package in packages.iter_mut() {
        package.direct |= package.parents.is_empty();
    }
    let mut seen = reached(packages, indices(packages, |package| package.direct));
    let children = children(packages);
    for at in 0..packages.len() {
        if seen[at] {
            continue;
        }
        packages[at].direct = true;
        let mut open = vec![at as u32];
        while let Some(next) = open.pop() {
            if !std::mem::replace(&mut seen[next as usize], true) {
                open.extend(&children[next as usize]);
            }
        }
    }
}

pub(crate) fn indices(packages: &[Package], wanted: impl Fn(&Package) -> bool) -> Vec<u32> {
    let places = packages.iter().enumerate();
    places
        .filter(|(_, package)| wanted(package))
        .map(|(at, _)| at as u32)
        .collect()
}

#[cfg(test)]
mod tests {
    use assay_source::Span;

    use super::{Paths, mark_unasked_direct};
    use crate::package::{Ecosystem, Package};

    fn package(direct: bool, parents: &[u32]) -> Package {
        Package {
            direct,
            parents: parents.to_vec(),
            ..Package::new(Ecosystem::Npm, "a", Span::default())
        }
    }

    #[test]
    fn ways_are_shortest_and_end_in_circles() {
        let packages = [
            package(true, &[]),
            package(false, &[0, 2]),
            package(false, &[1, 3]),
            package(true, &[]),
            package(false, &[4]),
        ];
        let paths = Paths::new(&packages);
        for (to, way) in [
            (0, vec![0]),
            (1, vec![0, 1]),
            (2, vec![3, 2]),
            (4, vec![4]),
            (9, vec![9]),
        ] {
            assert_eq!(paths.to(to), way);
        }
    }

    #[test]
    fn what_nobody_asks_for_is_direct() {
        let mut packages = [
            package(false, &[]),
            package(false, &[0]),
            package(false, &[3]),
            package(false, &[2]),
        ];
        mark_unasked_direct(&mut packages);
        assert_eq!(packages.map(|p| p.direct), [true, false, true, false]);
    }
}
