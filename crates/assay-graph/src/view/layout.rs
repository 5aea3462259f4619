//! Where nodes are drawn, worked out before the page is opened: a page that
//! moves thousands of nodes about until they rest is one nobody waits for.
//!
//! What was asked for and what is around it stands in columns by distance.
//! All files are a map: a folder is a rectangle with its folders and files in
//! it, large as the number of files in it.

use std::collections::BTreeMap;

use crate::view::View;

/// The side of the square that a node takes.
pub(crate) const CELL: f64 = 26.0;
const COLUMN: f64 = 340.0;
/// A column with more nodes goes on beside itself.
const ROWS_MAX: usize = 60;
const FOLDER_DEPTH_MAX: usize = 24;

/// A folder as it is drawn.
pub(crate) struct Area {
    pub(crate) name: String,
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) depth: usize,
}

/// Returns the place of each node, and the folders around them.
pub(crate) fn places(view: &View) -> (Vec<(f64, f64)>, Vec<Area>) {
    match view.is_layered {
        true => (columns(view), Vec::new()),
        false => map(view),
    }
}

fn columns(view: &View) -> Vec<(f64, f64)> {
    let mut by_distance: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (index, node) in view.nodes.iter().enumerate() {
        by_distance.entry(node.distance).or_default().push(index);
    }
    let mut places = vec![(0.0, 0.0); view.nodes.len()];
    let mut x = 0.0;
    for nodes in by_distance.values() {
        // Near to what they are connected with: by the mean of the neighbours
        // that have their places already.
        let mut sorted: Vec<(f64, usize)> = nodes
            .iter()
            .map(|&node| (mean_of_placed(view, &places, node, nodes), node))
            .collect();
        sorted.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        for (index, (_, node)) in sorted.iter().enumerate() {
            let rows = sorted.len().min(ROWS_MAX);
            let row = index % ROWS_MAX;
            let y = (row as f64 - (rows - 1) as f64 / 2.0) * CELL;
            places[*node] = (x + (index / ROWS_MAX) as f64 * COLUMN, y);
        }
        x += COLUMN * nodes.len().div_ceil(ROWS_MAX) as f64;
    }
    places
}

fn mean_of_placed(view: &View, places: &[(f64, f64)], node: usize, same: &[usize]) -> f64 {
    let mut sum = 0.0;
    let mut count = 0.0;
    let distance = view.nodes[node].distance;
    let is_small = same.len() <= ROWS_MAX * 8;
    for edge in view.edges.iter().filter(|_| is_small) {
        let other = match (edge.from == node, edge.to == node) {
            (true, _) => edge.to,
            (_, true) => edge.from,
            _ => continue,
        };
        if view.nodes[other].distance < distance {
            sum += places[other].1;
            count += 1.0;
        }
    }
    if count > 0.0 { sum / count } else { 0.0 }
}

#[derive(Default)]
struct Folder {
    folders: BTreeMap<String, Folder>,
    nodes: Vec<usize>,
    count: usize,
}

fn map(view: &View) -> (Vec<(f64, f64)>, Vec<Area>) {
    let mut root = Folder::default();
    for (index, node) in view.nodes.iter().enumerate() {
        let mut folder = &mut root;
        folder.count += 1;
        let (path, _) = node.path.rsplit_once('/').unwrap_or(("", &node.path));
        for part in path
            .split('/')
            .filter(|part| !part.is_empty())
            .take(FOLDER_DEPTH_MAX)
        {
            folder = folder.folders.entry(part.to_owned()).or_default();
            folder.count += 1;
        }
        folder.nodes.push(index);
    }
    let mut places = vec![(0.0, 0.0); view.nodes.len()];
    let mut areas = Vec::new();
    let side = (view.nodes.len() as f64 * 3.0).sqrt() * CELL;
    let frame = Frame {
        x: 0.0,
        y: 0.0,
        width: (side * 1.4).max(CELL * 4.0),
        height: (side / 1.1).max(CELL * 3.0),
    };
    draw(&root, "", frame, 0, &mut places, &mut areas);
    (places, areas)
}

#[derive(Clone, Copy)]
struct Frame {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// Divides a frame among the folders and files of a folder.
fn draw(
    folder: &Folder,
    name: &str,
    frame: Frame,
    depth: usize,
    places: &mut [(f64, f64)],
    areas: &mut Vec<Area>,
) {
    // A folder that only holds another one is drawn as one.
    if folder.nodes.is_empty() && folder.folders.len() == 1 {
        let (inner_name, inner) = folder.folders.iter().next().expect("there is one");
        let name = match name {
            "" => inner_name.clone(),
            name => format!("{name}/{inner_name}"),
        };
        draw(inner, &name, frame, depth, places, areas);
        return;
    }
    if !name.is_empty() {
        areas.push(Area {
            name: name.to_owned(),
            x: frame.x,
            y: frame.y,
            width: frame.width,
            height: frame.height,
            depth,
        });
    }
    let margin = (frame.width.min(frame.height) * 0.03).min(6.0);
    let title = if name.is_empty() {
        0.0
    } else {
        (frame.height * 0.12).min(26.0)
    };
    let inner = Frame {
        x: frame.x + margin,
        y: frame.y + margin + title,
        width: frame.width - 2.0 * margin,
        height: frame.height - 2.0 * margin - title,
    };
    // The own files are one part among the folders.
    let mut parts: Vec<(usize, Option<(&String, &Folder)>)> = folder
        .folders
        .iter()
        .map(|entry| (entry.1.count, Some(entry)))
        .collect();
    if !folder.nodes.is_empty() {
        parts.push((folder.nodes.len(), None));
    }
    parts.sort_by(|one, other| {
        other.0.cmp(&one.0).then_with(|| {
            let name = |part: &Option<(&String, &Folder)>| part.map(|(name, _)| name.clone());
            name(&one.1).cmp(&name(&other.1))
        })
    });
    let weights: Vec<f64> = parts.iter().map(|(count, _)| *count as f64).collect();
    for (part, frame) in parts.iter().zip(divide(&weights, inner)) {
        match part.1 {
            Some((name, inner)) => draw(inner, name, frame, depth + 1, places, areas),
            None => grid(&folder.nodes, frame, places),
        }
    }
}

/// Halves the list by weight, and the frame along its longer side, until each
/// part has its own.
fn divide(weights: &[f64], frame: Frame) -> Vec<Frame> {
    if weights.len() <= 1 {
        return vec![frame; weights.len()];
    }
    let total: f64 = weights.iter().sum();
    let mut first = 0.0;
    let mut cut = 0;
    while cut < weights.len() - 1 && (cut == 0 || first + weights[cut] / 2.0 < total / 2.0) {
        first += weights[cut];
        cut += 1;
    }
    let share = first / total.max(f64::EPSILON);
    let (one, other) = if frame.width >= frame.height {
        let width = frame.width * share;
        (
            Frame { width, ..frame },
            Frame {
                x: frame.x + width,
                width: frame.width - width,
                ..frame
            },
        )
    } else {
        let height = frame.height * share;
        (
            Frame { height, ..frame },
            Frame {
                y: frame.y + height,
                height: frame.height - height,
                ..frame
            },
        )
    };
    let mut frames = divide(&weights[..cut], one);
    frames.extend(divide(&weights[cut..], other));
    frames
}

fn grid(nodes: &[usize], frame: Frame, places: &mut [(f64, f64)]) {
    let ratio = frame.width / frame.height.max(1.0);
    let columns =
        ((nodes.len() as f64 * ratio).sqrt().ceil() as usize).clamp(1, nodes.len().max(1));
    let rows = nodes.len().div_ceil(columns);
    for (index, &node) in nodes.iter().enumerate() {
        let column = (index % columns) as f64 + 0.5;
        let row = (index / columns) as f64 + 0.5;
        places[node] = (
            frame.x + column * frame.width / columns as f64,
            frame.y + row * frame.height / rows as f64,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{Frame, divide};

    #[test]
    fn a_frame_is_divided_by_weight() {
        let frame = Frame {
            x: 0.0,
            y: 0.0,
            width: 100.0,
            height: 50.0,
        };
        let frames = divide(&[4.0, 3.0, 2.0, 1.0], frame);
        assert_eq!(frames.len(), 4);
        let area = |frame: &Frame| frame.width * frame.height;
        let whole: f64 = frames.iter().map(area).sum();
        assert!((whole - 5_000.0).abs() < 1e-6);
        for (frame, share) in frames.iter().zip([0.4, 0.3, 0.2, 0.1]) {
            assert!((area(frame) / 5_000.0 - share).abs() < 1e-6);
        }
        assert!(divide(&[], frame).is_empty());
    }
}
