//! Pools: as Keras' layers where those do the same at every size, as a layer of the package's own otherwise.

use super::body::Writer;
use super::layer::Flow;
use super::padding;
use super::python::PyPair;
use super::view::{Layer, Padding, WindowPool};
use crate::ir::Op;
use crate::ir::op::{self, PoolKind};
use crate::ir::shape::{Sides, Window};
use crate::outline::{Field, Item};

impl Writer<'_> {
    /// A max pool; padding is zeros beside what is never negative, and minus infinity otherwise.
    pub(super) fn max_pool(&mut self, item: &Item, pool: op::MaxPool, flow: Flow<'_>) {
        let window = pool.window;
        let windows = self.windows(item);
        let dense = windows.iter().all(|window| window.dilation == [1, 1]);
        let sides: Option<Vec<_>> = windows.iter().map(padding::in_floor_mode).collect();
        let alike = |sides: &[Sides]| sides.iter().all(|other| sides.first() == Some(other));
        let sides = sides.filter(|sides| dense && (!window.ceil || alike(sides)));
        let Some(sides) = sides else {
            return self.window_pool(item, &window, PoolKind::Maximum, false, flow);
        };
        let name = self.name(item);
        let mut flow = flow;
        if sides.iter().any(|sides| !sides.is_zero()) {
            let first = sides.first().filter(|_| window.ceil);
            let around = first.map_or_else(|| self.around(item), |first| padding::literal(*first));
            let never_negative = self.nodes(item).iter().all(|&node| {
                self.network.layer(node).operands.iter().all(|operand| self.known.signs.never_negative(*operand))
            });
            self.needs.max_padding |= !never_negative;
            let layer = if never_negative { Layer::ZeroPadding(around) } else { Layer::MaxPadding(around) };
            let name = self.beside(item, &name, "_pad");
            self.push(flow.line(name, layer));
            flow = flow.then();
        }
        let pool = self.pair(item, Field::Kernel, window.kernel);
        let strides = self.pair(item, Field::Stride, window.stride);
        self.push(flow.line(name, Layer::MaxPool { pool, strides }));
    }

    /// An average pool; zeros around the map are only right where they count.
    pub(super) fn average_pool(&mut self, item: &Item, pool: op::AvgPool, flow: Flow<'_>) {
        let window = pool.window;
        let windows = self.windows(item);
        let all =
            |holds: &dyn Fn(&Window) -> bool| windows.iter().all(|window| window.dilation == [1, 1] && holds(window));
        let bare = all(&|window| window.padding.is_zero());
        let same = window.ceil && bare && all(&padding::is_same_pool);
        if !(same || !window.ceil && (bare || pool.count_padding && all(&|_| true))) {
            return self.window_pool(item, &window, PoolKind::Average, pool.count_padding, flow);
        }
        let name = self.name(item);
        let mut flow = flow;
        if !bare {
            let around = self.around(item);
            let name = self.beside(item, &name, "_pad");
            self.push(flow.line(name, Layer::ZeroPadding(around)));
            flow = flow.then();
        }
        let pool = self.pair(item, Field::Kernel, window.kernel);
        let strides = self.pair(item, Field::Stride, window.stride);
        self.push(flow.line(name, Layer::AveragePool { pool, strides, same }));
    }

    fn window_pool(&mut self, item: &Item, window: &Window, kind: PoolKind, count_padding: bool, flow: Flow<'_>) {
        self.needs.window_pool = true;
        let dilation = self.pair(item, Field::Dilation, window.dilation);
        let layer = WindowPool {
            kind,
            pool: self.pair(item, Field::Kernel, window.kernel),
            strides: self.pair(item, Field::Stride, window.stride),
            padding: self.around(item),
            dilation: Some(dilation).filter(|dilation| !dilation.is(1)),
            ceil: window.ceil,
            count_padding,
        };
        let name = self.name(item);
        self.push(flow.line(name, Layer::WindowPool(layer)));
    }

    /// A pool to a fixed size; says whether it took `next`, which flattens what it leaves, with it.
    pub(super) fn adaptive_pool(
        &mut self,
        item: &Item,
        pool: op::AdaptivePool,
        next: Option<&Item>,
        flow: Flow<'_>,
    ) -> bool {
        let name = self.name(item);
        if pool.is_global() {
            let flattened = next.is_some_and(|next| matches!(next.op, Op::Flatten(_)));
            self.push(flow.line(name, Layer::GlobalPool { kind: pool.kind, keep: !flattened }));
            return flattened;
        }
        if !self.needs.adaptive_pools.contains(&pool.kind) {
            self.needs.adaptive_pools.push(pool.kind);
        }
        self.push(flow.line(name, Layer::AdaptivePool { kind: pool.kind, output: PyPair::literal(pool.output) }));
        false
    }

    /// The padding of a window, as the outline has it.
    pub(super) fn around(&mut self, item: &Item) -> Padding {
        match (item.fields.get(&Field::Padding), item.op.window()) {
            (Some(_), _) | (None, None) => Padding::Even(self.pair(item, Field::Padding, [0, 0])),
            (None, Some(window)) => padding::literal(window.padding),
        }
    }

    /// The windows of all nodes that `item` stands for.
    pub(super) fn windows(&self, item: &Item) -> Vec<Window> {
        self.ops(item).filter_map(Op::window).copied().collect()
    }
}
