//! Who imports whom as a graph: its circles, and its longest chain.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<String>,
    /// From, to, by which names.
    edges: BTreeMap<usize, BTreeMap<usize, BTreeSet<String>>>,
}

impl Graph {
    pub(super) fn add(&mut self, from: &str, to: &str, name: &str) {
        let (from, to) = (self.node(from), self.node(to));
        if from != to {
            self.edges.entry(from).or_default().entry(to).or_default().insert(name.to_owned());
        }
    }

    fn node(&mut self, name: &str) -> usize {
        self.nodes.iter().position(|it| it == name).unwrap_or_else(|| {
            self.nodes.push(name.to_owned());
            self.nodes.len() - 1
        })
    }

    /// So many that there is none when each is broken where the fewest names go: the shortest first,
    /// as lines `from -> to: names`.
    pub(super) fn circles(&self) -> Vec<Vec<String>> {
        let mut left = self.clone();
        let mut circles = Vec::new();
        while let Some(circle) = left.shortest_circle() {
            let edges: Vec<_> = circle.iter().copied().zip(circle[1..].iter().copied()).collect();
            circles.push(edges.iter().map(|&(from, to)| self.shown(from, to)).collect());
            let names = |&(from, to): &(usize, usize)| self.edges[&from][&to].len();
            let (from, to) = edges.into_iter().min_by_key(names).expect("a circle has edges");
            left.edges.get_mut(&from).expect("it was there").remove(&to);
        }
        circles
    }

    fn shown(&self, from: usize, to: usize) -> String {
        let names: Vec<_> = self.edges[&from][&to].iter().map(String::as_str).collect();
        format!("    {} -> {}: {}", self.nodes[from], self.nodes[to], names.join(", "))
    }

    /// Its nodes in turn, the first once more at the end.
    fn shortest_circle(&self) -> Option<Vec<usize>> {
        let from_each = (0..self.nodes.len()).filter_map(|start| self.way_back(start));
        from_each.min_by_key(Vec::len)
    }

    fn way_back(&self, start: usize) -> Option<Vec<usize>> {
        let mut came_from = BTreeMap::new();
        let mut waiting = VecDeque::from([start]);
        while let Some(node) = waiting.pop_front() {
            for next in self.next(node) {
                if next == start {
                    let mut way = vec![start, node];
                    while way[way.len() - 1] != start {
                        way.push(came_from[&way[way.len() - 1]]);
                    }
                    way.reverse();
                    return Some(way);
                }
                came_from.entry(next).or_insert_with(|| {
                    waiting.push_back(next);
                    node
                });
            }
        }
        None
    }

    fn next(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        self.edges.get(&node).into_iter().flat_map(|edges| edges.keys().copied())
    }

    /// The longest way down, where those that reach each other are one floor.
    pub(super) fn longest_chain(&self) -> Vec<String> {
        let reached: Vec<BTreeSet<usize>> =
            (0..self.nodes.len()).map(|it| self.below(it)).collect();
        let mut known = BTreeMap::new();
        let chains = (0..self.nodes.len()).map(|node| chain(node, &reached, &mut known));
        let longest = chains.max_by_key(Vec::len).unwrap_or_default();
        longest.into_iter().map(|node| self.floor(node, &reached)).collect()
    }

    /// All that share the floor of `node`.
    fn floor(&self, node: usize, reached: &[BTreeSet<usize>]) -> String {
        let mates = reached[node].iter().filter(|it| reached[**it].contains(&node));
        let mut names: Vec<_> = mates.map(|&it| &*self.nodes[it]).collect();
        names.push(&self.nodes[node]);
        names.sort_unstable();
        names.dedup();
        names.join(" = ")
    }

    fn below(&self, node: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut waiting = vec![node];
        while let Some(node) = waiting.pop() {
            waiting.extend(self.next(node).filter(|&next| reached.insert(next)));
        }
        reached
    }
}

fn chain(
    node: usize,
    reached: &[BTreeSet<usize>],
    known: &mut BTreeMap<usize, Vec<usize>>,
) -> Vec<usize> {
    if let Some(chain) = known.get(&node) {
        return chain.clone();
    }
    let lower = reached[node].iter().filter(|it| !reached[**it].contains(&node));
    let below = lower.map(|&it| chain(it, reached, known)).max_by_key(Vec::len);
    let whole = [vec![node], below.unwrap_or_default()].concat();
    known.insert(node, whole.clone());
    whole
}
