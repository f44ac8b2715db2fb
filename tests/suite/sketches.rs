//! What is drawn: every op, every shape of a join, and names that generated code must not trip over.

use crate::describe::{HE, TORCH};
use crate::sketch::{Draw, Sketch};
use resnetc::ir::dialect::Layout;
use resnetc::ir::op::{
    Activation, AdaptivePool, Add, Blur, ChannelConv, Concat, Conv2d, DropPath, Dropout, LayerScale, Multiply, Pad,
    PathSoftmax, PoolKind, Subsample,
};
use resnetc::ir::shape::Window;
use resnetc::ir::{Op, Sides};
use resnetc::valid::Checked;

const ADD: Op = Op::Add(Add);
const MULTIPLY: Op = Op::Multiply(Multiply);
const CONCAT: Op = Op::Concat(Concat);
const IDENTITY: Draw<'static> = &|_| {};

/// All of them.
pub fn all() -> Vec<Checked> {
    let of_layout = [Layout::Torch, Layout::Keras].into_iter().flat_map(|layout| {
        [squeeze_and_excitation(layout), convnext(layout), channel_attention(layout), vectors(layout)]
    });
    let rest = [dense(), inception(), selective_kernels(), anti_aliased(), paths(), awkward_names(), classifier()];
    of_layout.chain(rest).chain([without_weights(), without_layers(), wide(), stems_and_maps()]).collect()
}

fn suffix(layout: Layout) -> &'static str {
    match layout {
        Layout::Torch => "torch",
        Layout::Keras => "keras",
    }
}

fn classes(s: &mut Sketch, classes: u64) {
    s.pool().flatten().linear("logits", classes, true);
}

/// Gates in the main branch, projections where shapes differ.
pub fn squeeze_and_excitation(layout: Layout) -> Checked {
    let block = |filters: u64, stride: u64| {
        move |s: &mut Sketch| {
            let gate: Draw<'_> = &move |s| {
                s.pool().unit(1).conv2d(filters / 4, 1, 1, 1, true).relu();
                s.unit(2).conv2d(filters, 1, 1, 1, true).act(Activation::HardSigmoid).unit(0);
            };
            let main: Draw<'_> = &move |s| {
                s.unit(1).conv(filters, 3, stride).norm().act(Activation::Silu);
                s.unit(2).conv(filters, 3, 1).norm().unit(0).join(MULTIPLY, &[("", IDENTITY), ("se", gate)]);
            };
            let projects = s.channels() != filters;
            let skip: Draw<'_> = &move |s| {
                if projects {
                    s.conv(filters, 1, stride).norm();
                }
            };
            s.join(ADD, &[("main", main), ("skip", skip)]).relu();
        }
    };
    Sketch::new(&format!("se_{}", suffix(layout)), layout, [3, 17, 15])
        .stem(&|s| {
            s.conv(8, 3, 2).norm().relu();
        })
        .stage("se_basic", &[&block(8, 1), &block(8, 1)])
        .stage("se_basic", &[&block(12, 2), &block(12, 1), &block(12, 1)])
        .head(&|s| classes(s, 7))
        .checked()
}

/// Layers along the last dimension, even kernels, rates that grow, a layer scale.
pub fn convnext(layout: Layout) -> Checked {
    let block = |rate: f64| {
        move |s: &mut Sketch| {
            let channels = s.channels();
            let main: Draw<'_> = &move |s| {
                s.conv2d(channels, 7, 1, channels, true).layer_norm();
                s.linear("expand", 4 * channels, true).act(Activation::Gelu).linear("reduce", channels, true);
                s.op("scale", Op::LayerScale(LayerScale { init: 1e-6 }));
                s.op("drop_path", Op::DropPath(DropPath { rate }));
            };
            s.join(ADD, &[("main", main), ("skip", IDENTITY)]);
        }
    };
    let reduction = |filters: u64| {
        move |s: &mut Sketch| {
            let window =
                Window { kernel: [2; 2], stride: [2; 2], dilation: [1; 2], padding: Sides::all(0), ceil: false };
            s.layer_norm().op("conv", Op::Conv2d(Conv2d { filters, window, groups: 1, bias: true, init: HE }));
        }
    };
    Sketch::new(&format!("convnext_{}", suffix(layout)), layout, [3, 32, 28])
        .stem(&|s| {
            let window =
                Window { kernel: [4; 2], stride: [4; 2], dilation: [1; 2], padding: Sides::all(0), ceil: false };
            s.op("conv", Op::Conv2d(Conv2d { filters: 6, window, groups: 1, bias: true, init: HE })).layer_norm();
        })
        .stage("convnext", &[&block(0.0), &block(0.1)])
        .stage("reduction", &[&reduction(10)])
        .stage("convnext", &[&block(0.2), &block(0.3)])
        .head(&|s| {
            s.pool().layer_norm().flatten().op("dropout", Op::Dropout(Dropout { rate: 0.5 }));
            s.linear("logits", 5, false);
        })
        .checked()
}

/// Convolutions along the channels, a multiplication of three, linear layers on maps, a flattened map that is read.
pub fn channel_attention(layout: Layout) -> Checked {
    let block = |kernel: u64| {
        move |s: &mut Sketch| {
            let channels = s.channels();
            let eca: Draw<'_> = &move |s| {
                s.pool().op("conv", Op::ChannelConv(ChannelConv { kernel, init: TORCH })).act(Activation::Sigmoid);
            };
            let spatial: Draw<'_> = &move |s| {
                s.linear("mix", channels, false).act(Activation::HardSwish);
            };
            let main: Draw<'_> = &move |s| {
                s.conv(channels, 3, 1).norm().join(MULTIPLY, &[("eca", eca), ("", IDENTITY), ("spatial", spatial)]);
            };
            s.join(ADD, &[("skip", IDENTITY), ("main", main)]).act(Activation::Relu6);
        }
    };
    Sketch::new(&format!("eca_{}", suffix(layout)), layout, [3, 9, 11])
        .stem(&|s| {
            s.conv(6, 3, 2).norm().relu();
        })
        .stage("eca", &[&block(3), &block(5)])
        .head(&|s| {
            s.flatten().unit(1).linear("linear", 9, true).relu().unit(0).linear("logits", 4, true);
        })
        .checked()
}

/// Blocks on vectors, and one that makes a vector of a map.
pub fn vectors(layout: Layout) -> Checked {
    let mlp = |features: u64| {
        move |s: &mut Sketch| {
            let main: Draw<'_> = &move |s| {
                s.layer_norm().unit(1).linear("linear", 2 * features, true).act(Activation::Gelu);
                s.unit(2).linear("linear", features, false).unit(0);
            };
            s.join(ADD, &[("skip", IDENTITY), ("main", main)]);
        }
    };
    let halves = |s: &mut Sketch| {
        let half = s.channels() / 2;
        let left: Draw<'_> = &move |s| {
            s.slice(0, half).relu();
        };
        let right: Draw<'_> = &move |s| {
            s.slice(half, half).act(Activation::Softmax);
        };
        s.join(CONCAT, &[("right", right), ("left", left)]);
    };
    Sketch::new(&format!("vectors_{}", suffix(layout)), layout, [3, 8, 6])
        .stem(&|s| {
            s.conv(4, 3, 2).norm().relu();
        })
        .stage(
            "flat",
            &[&|s: &mut Sketch| {
                s.flatten().linear("linear", 10, true);
            }],
        )
        .stage("mlp", &[&mlp(10), &mlp(10)])
        .stage("halves", &[&halves])
        .checked()
}

/// Blocks that begin with a join, and channels that grow with every one.
pub fn dense() -> Checked {
    let layer = |s: &mut Sketch| {
        let main: Draw<'_> = &|s| {
            s.unit(1).norm().relu().conv(16, 1, 1).unit(2).norm().relu().conv(4, 3, 1).unit(0);
        };
        s.join(CONCAT, &[("skip", IDENTITY), ("main", main)]);
    };
    let transition = |s: &mut Sketch| {
        let channels = s.channels();
        s.norm().relu().conv(channels / 2, 1, 1).avg_pool(2, 2, Sides::all(0), false, true);
    };
    Sketch::new("dense_net", Layout::Torch, [3, 32, 32])
        .stem(&|s| {
            s.conv(8, 7, 2).norm().relu().max_pool(3, 2);
        })
        .stage("dense", &[&layer, &layer, &layer])
        .stage("transition", &[&transition])
        .stage("dense", &[&layer, &layer])
        .head(&|s| {
            s.norm().relu();
            classes(s, 11);
        })
        .checked()
}

/// Joins in joins: four branches whose sum with the block's input begins with them, pools of every kind.
pub fn inception() -> Checked {
    let block = |s: &mut Sketch| {
        let channels = s.channels();
        let point: Draw<'_> = &|s| {
            s.conv(4, 1, 1).group_norm(2).relu();
        };
        let tower: Draw<'_> = &|s| {
            s.unit(1).conv(4, 1, 1).norm().relu().unit(2).conv2d(6, 3, 1, 2, false).norm().relu().unit(0);
        };
        let mean: Draw<'_> = &|s| {
            s.avg_pool(3, 1, Sides::all(1), false, false).conv(2, 1, 1);
        };
        let most: Draw<'_> = &|s| {
            s.max_pool(3, 1);
        };
        let unnamed: Draw<'_> = &|s| {
            s.conv(3, 1, 1);
        };
        let main: Draw<'_> = &move |s| {
            let branches = [("point", point), ("tower", tower), ("mean", mean), ("most", most), ("", unnamed)];
            s.join(CONCAT, &branches).unit(3).conv(channels, 1, 1).unit(0);
        };
        s.join(ADD, &[("", IDENTITY), ("main", main), ("", IDENTITY)]).norm().relu();
    };
    let twice = |s: &mut Sketch| {
        let path: Draw<'_> = &|s| {
            s.conv(5, 1, 1).relu();
        };
        s.join(ADD, &[("main", path), ("main", path)]).join(MULTIPLY, &[("", IDENTITY), ("", IDENTITY)]);
    };
    Sketch::new("inception", Layout::Torch, [3, 13, 13])
        .stem(&|s| {
            let [left, right]: [Draw<'_>; 2] = [
                &|s| {
                    s.conv(3, 3, 2);
                },
                &|s| {
                    s.avg_pool(2, 2, Sides::all(0), true, true);
                },
            ];
            s.join(CONCAT, &[("left", left), ("right", right)]).norm().relu();
        })
        .stage("inception", &[&block, &block])
        .stage("twice", &[&twice])
        .head(&|s| {
            let mean: Draw<'_> = &|s| {
                s.pool();
            };
            let most: Draw<'_> = &|s| {
                s.op("pool", Op::AdaptivePool(AdaptivePool { kind: PoolKind::Maximum, output: [1, 1] }));
            };
            s.join(CONCAT, &[("mean", mean), ("most", most)]).flatten().linear("logits", 6, true);
        })
        .checked()
}

/// Paths that are weighed against each other: slices, a softmax over paths, branches without layers.
pub fn selective_kernels() -> Checked {
    let block = |filters: u64, rate: u64| {
        move |s: &mut Sketch| {
            let near: Draw<'_> = &move |s| {
                s.conv(filters, 3, 1).norm().relu();
            };
            let far: Draw<'_> = &move |s| {
                let padding = Sides::all(rate);
                let window = Window { kernel: [3; 2], stride: [1; 2], dilation: [rate; 2], padding, ceil: false };
                s.op("conv", Op::Conv2d(Conv2d { filters, window, groups: 1, bias: false, init: HE })).norm().relu();
            };
            let first: Draw<'_> = &move |s| {
                s.slice(0, filters);
            };
            let second: Draw<'_> = &move |s| {
                s.slice(filters, filters);
            };
            let attention: Draw<'_> = &move |s| {
                s.join(ADD, &[("first", first), ("second", second)]).pool();
                s.unit(1).conv(4, 1, 1).norm().relu().unit(2).conv(2 * filters, 1, 1).unit(0);
                s.op("weigh", Op::PathSoftmax(PathSoftmax { paths: 2 }));
            };
            s.join(CONCAT, &[("near", near), ("far", far)]);
            s.join(MULTIPLY, &[("", IDENTITY), ("attention", attention)]);
            s.join(ADD, &[("first", first), ("second", second)]);
        }
    };
    Sketch::new("selective", Layout::Torch, [3, 12, 12])
        .stage("sk", &[&block(4, 2)])
        .stage("sk", &[&block(6, 2), &block(6, 3)])
        .head(&|s| classes(s, 3))
        .checked()
}

/// Blur before every stride, pools in shortcuts, shortcuts whose parts are optional each by itself.
pub fn anti_aliased() -> Checked {
    let blur = |s: &mut Sketch, size: u64| {
        s.op("blur", Op::Blur(Blur::new(size, 2)));
    };
    let block = |filters: u64, stride: u64, size: u64| {
        move |s: &mut Sketch| {
            let projects = s.channels() != filters;
            let main: Draw<'_> = &move |s| {
                s.unit(1).conv(filters, 3, 1).norm().relu();
                if stride > 1 {
                    blur(s, size);
                }
                s.unit(2).conv(filters, 3, 1).norm().unit(0);
            };
            let skip: Draw<'_> = &move |s| {
                if stride > 1 {
                    s.avg_pool(2, 2, Sides::all(0), true, false);
                }
                if projects {
                    s.conv(filters, 1, 1).norm();
                }
            };
            s.join(ADD, &[("main", main), ("skip", skip)]).relu();
        }
    };
    Sketch::new("anti_aliased", Layout::Torch, [3, 40, 36])
        .stem(&|s| {
            s.conv(6, 3, 2).norm().relu().max_pool(3, 1);
            blur(s, 4);
        })
        .stage("blurred", &[&block(6, 1, 3), &block(10, 1, 3)])
        .stage("blurred", &[&block(10, 2, 3), &block(12, 2, 5), &block(12, 1, 3)])
        .head(&|s| {
            s.op("pool", Op::AdaptivePool(AdaptivePool { kind: PoolKind::Average, output: [2, 1] }));
            s.flatten().linear("logits", 5, true);
        })
        .checked()
}

/// Shortcuts without layers: subsampled, padded, activated; a join whose branches have none.
pub fn paths() -> Checked {
    let block = |more: u64, stride: u64, activates: bool| {
        move |s: &mut Sketch| {
            let channels = s.channels();
            let main: Draw<'_> = &move |s| {
                s.unit(1).conv(channels + more, 3, stride).norm();
                if activates {
                    s.act(Activation::HardSwish);
                }
                s.unit(0);
            };
            let skip: Draw<'_> = &move |s| {
                if stride > 1 {
                    s.op("subsample", Op::Subsample(Subsample { stride }));
                    s.op("zeros", Op::Pad(Pad::Channels { before: more / 2, after: more - more / 2 }));
                }
                if activates {
                    s.relu();
                }
            };
            s.join(ADD, &[("main", main), ("skip", skip)]).act(Activation::Silu);
            let doubled: Draw<'_> = &|s| {
                s.join(ADD, &[("", IDENTITY), ("", IDENTITY)]).act(Activation::Sigmoid);
            };
            let padded: Draw<'_> = &|s| {
                s.op("pad", Op::Pad(Pad::Spatial(Sides { top: 1, bottom: 0, left: 0, right: 1 }))).max_pool(2, 1);
            };
            s.join(MULTIPLY, &[("doubled", doubled), ("padded", padded), ("", IDENTITY)])
                .norm()
                .act(Activation::Sigmoid);
        }
    };
    Sketch::new("paths", Layout::Torch, [4, 10, 12])
        .stage("shifted", &[&block(0, 1, false), &block(3, 2, true), &block(0, 1, true), &block(2, 2, false)])
        .head(&|s| {
            s.op("pool", Op::AdaptivePool(AdaptivePool { kind: PoolKind::Maximum, output: [2, 2] }));
            s.flatten().linear("logits", 3, true).act(Activation::Softmax);
        })
        .checked()
}

/// Blocks, branches and roles that are called like what generated code has already.
pub fn awkward_names() -> Checked {
    let block = |filters: u64| {
        move |s: &mut Sketch| {
            let [input, x, device]: [Draw<'_>; 3] = [
                &move |s| {
                    s.op("input", Op::Conv2d(point(filters))).op("x", Op::Conv2d(point(filters)));
                },
                &move |s| {
                    s.op("match", Op::Conv2d(point(filters))).op("device", Op::Conv2d(point(filters)));
                },
                &move |s| {
                    s.op("self", Op::Conv2d(point(filters))).op("mapper", Op::Conv2d(point(filters)));
                },
            ];
            s.join(ADD, &[("input", input), ("x", x), ("device", device)]);
            let [relu, weights, fields]: [Draw<'_>; 3] = [
                &|s| {
                    s.relu();
                },
                &move |s| {
                    s.op("weights", Op::Conv2d(point(filters))).op("name", Op::Conv2d(point(filters)));
                },
                &move |s| {
                    s.op("index", Op::Conv2d(point(filters))).op("block", Op::Conv2d(point(filters)));
                },
            ];
            s.join(MULTIPLY, &[("relu", relu), ("weights", weights), ("fn", fields)]);
            let [result, option, config, tensor]: [Draw<'_>; 4] = [&|s| {
                s.norm();
            }; 4];
            s.join(ADD, &[("Result", result), ("Option", option), ("ThingConfig", config), ("tensor", tensor)]);
            let long: Draw<'_> = &move |s| {
                s.op("a_role_of_24_letters_alt", Op::Conv2d(point(filters))).relu();
            };
            s.join(CONCAT, &[("a_branch_of_24_letters_a", long), ("a_branch_of_24_letters_b", long)]);
            s.op("conv_name", Op::Conv2d(point(filters))).op("clone", Op::Conv2d(point(filters)));
            s.act(Activation::Sigmoid);
            if filters > 3 {
                s.op("rate", Op::Conv2d(point(filters))).op("a__b_", Op::Conv2d(point(filters)));
            }
        }
    };
    let mut sketch =
        Sketch::new("awkward__names_of_more_letters_than_fit_into_a_line_of_generated_", Layout::Torch, [3, 4, 4]);
    for kind in ["result", "vec", "conv2d", "Conv2d", "type", "basic", "basic_block", "basic_2", "stage", "self"] {
        sketch.stage(kind, &[&block(3), &block(4)]);
    }
    sketch.stage("a_block_whose_name_is_longer_than_most", &[&block(3)]);
    sketch.stage("a_block_whose_name_is_longer_than_all", &[&block(3)]);
    sketch.head(&|s| classes(s, 2)).checked()
}

fn point(filters: u64) -> Conv2d {
    let window = Window { kernel: [1; 2], stride: [1; 2], dilation: [1; 2], padding: Sides::all(0), ceil: false };
    Conv2d { filters, window, groups: 1, bias: true, init: HE }
}

/// A classifier that is a convolution, as timm's resnetv2 has it.
pub fn classifier() -> Checked {
    let block = |stride: u64| {
        move |s: &mut Sketch| {
            let main: Draw<'_> = &move |s| {
                s.unit(1).group_norm(4).relu().conv(8, 3, stride).unit(0);
            };
            let skip: Draw<'_> = &move |s| {
                if stride > 1 {
                    s.conv(8, 1, stride);
                }
            };
            s.join(ADD, &[("main", main), ("skip", skip)]);
        }
    };
    Sketch::new("convolutional_classifier", Layout::Torch, [3, 11, 9])
        .stem(&|s| {
            s.op("pad", Op::Pad(Pad::Spatial(Sides::all(1)))).op("pool", max_pool([3, 2]));
            s.conv(8, 3, 1).op("pad", Op::Pad(Pad::Spatial(Sides { top: 0, bottom: 1, left: 1, right: 0 })));
        })
        .stage("preact", &[&block(1), &block(2)])
        .head(&|s| {
            s.group_norm(4).relu().pool().op("logits", Op::Conv2d(point(9))).flatten();
        })
        .checked()
}

fn max_pool([height, width]: [u64; 2]) -> Op {
    let padding = Sides { top: 1, bottom: 0, left: 0, right: 0 };
    let window = Window { kernel: [height, width], stride: [2, 1], dilation: [1; 2], padding, ceil: true };
    Op::MaxPool(resnetc::ir::op::MaxPool { window })
}

/// A network of which nothing is learned.
pub fn without_weights() -> Checked {
    let block = |s: &mut Sketch| {
        s.max_pool(3, 2).avg_pool(3, 2, Sides { top: 1, bottom: 0, left: 1, right: 1 }, true, true);
    };
    Sketch::new("without_weights", Layout::Torch, [3, 33, 31]).stage("pools", &[&block, &block]).checked()
}

/// A network without a layer.
pub fn without_layers() -> Checked {
    Sketch::new("without_layers", Layout::Torch, [3, 5, 5])
        .head(&|s| {
            s.relu().flatten();
        })
        .checked()
}

/// More branches than a line has room for.
pub fn wide() -> Checked {
    let block = |op: fn() -> Op, filters: u64| {
        move |s: &mut Sketch| {
            let branch: Draw<'_> = &move |s| {
                s.conv(filters, 1, 1);
            };
            let mut branches = vec![("path", branch); 24];
            branches.push(("", IDENTITY));
            s.join(op(), &branches);
        }
    };
    let (sum, row) = (block(|| ADD, 3), block(|| CONCAT, 2));
    Sketch::new("wide", Layout::Torch, [3, 4, 4])
        .stage("sum", &[&sum])
        .stage("row", &[&row])
        .head(&|s| classes(s, 2))
        .checked()
}

/// A stem with a shortcut, and an output that is a map.
pub fn stems_and_maps() -> Checked {
    Sketch::new("stems_and_maps", Layout::Torch, [4, 9, 9])
        .stem(&|s| {
            let main: Draw<'_> = &|s| {
                s.conv(4, 3, 1).norm().relu();
            };
            let skip: Draw<'_> = &|s| {
                s.conv(4, 1, 1).norm();
            };
            s.join(ADD, &[("", main), ("skip", skip)]).relu().layer_norm().act(Activation::Gelu);
        })
        .head(&|s| {
            s.linear("logits", 6, true).act(Activation::Softmax);
        })
        .checked()
}
