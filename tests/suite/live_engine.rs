//! The live model on the engine: burn's numbers, those of the weights as they are, whoever asks and on whatever processor.

use crate::build::{dialect, zoo};
use crate::describe::shipped;
use crate::fill::fill;
use crate::golden::difference;
use crate::live::{floats, images, input_shape};
use crate::networks::{cifar, compile, filled, small};
use burn::module::{Module, ModuleMapper, Param};
use burn::store::{ModuleSnapshot, SafetensorsStore};
use burn::tensor::{Device, Tensor, TensorData};
use resnetc::Options;
use resnetc::analysis::analyse;
use resnetc::back::live::Model;
use resnetc::engine::{self, Isa};
use resnetc::ir::Parameter;
use resnetc::source::Source;
use resnetc::valid::Checked;
use resnetc::weights::{Fresh, Misfit, SEED, Supply, Tensor as Array, collect};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The model's value by the engine, which must be that of burn's own ops.
pub fn both(model: &Model, images: Tensor<4>, what: &str) -> Vec<f32> {
    let ours = floats(model.forward(images.clone()));
    let error = difference(&floats(model.trace(images, |_, _| ())), &ours);
    assert!(error < 5e-6, "{what}: the engine and burn differ by {error}");
    ours
}

fn model(checked: &Checked, device: &Device) -> Model {
    checked.instantiate_with(device, filled(checked)).unwrap()
}

fn batch(checked: &Checked, count: usize) -> Tensor<4> {
    images(input_shape(checked, count), &Device::flex())
}

/// The network of a description that ships, of small images, and with logits where it has probabilities, in which rounding shows
/// magnified.
fn reduced(path: &std::path::Path) -> Checked {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.replace("activation = softmax", "activation = none").replace("\"softmax\"", "\"none\"");
    let source = Source::new(path.display().to_string(), text);
    let own = resnetc::compile(&source).unwrap();
    let small = Options { input: Some([own.input_shape().channels(), 64, 64]), ..Options::default() };
    let is_large = own.input_shape().dimensions()[1] > 64;
    if is_large { resnetc::compile_with(&source, &small).unwrap_or(own) } else { own }
}

#[test]
fn every_network_that_ships_gives_on_the_engine_what_burn_gives() {
    let all = std::env::var_os("RESNETC_VERIFY_ALL").is_some();
    let mut count = 0;
    for path in shipped() {
        let network = reduced(&path);
        let cost = analyse(&network, 1);
        if !all && (cost.parameters.total() > 30_000_000 || cost.macs() > 1_000_000_000) {
            continue;
        }
        count += 1;
        let weights = collect(&network, Fresh::varied(&network, SEED)).unwrap();
        let model = network.instantiate_with(&Device::flex(), weights).unwrap();
        both(&model, batch(&network, 2), &path.display().to_string());
    }
    assert!(count > 30, "{count}");
}

#[test]
fn every_op_gives_on_the_engine_what_burn_gives_and_drops_nothing() {
    for network in [zoo(dialect(), 0.5), compile(&small("torchvision")), compile(&small("keras"))] {
        let model = model(&network, &Device::flex());
        let first = both(&model, batch(&network, 3), &network.graph().name);
        assert!(first == floats(model.forward(batch(&network, 3))), "something was drawn");
    }
}

#[test]
fn processors_and_numbers_of_threads_give_the_same() {
    for network in [zoo(dialect(), 0.0), compile(&cifar()), compile(&small("keras"))] {
        for isa in Isa::ALL {
            let on = |threads: usize| {
                let options =
                    engine::Options { isa, threads: NonZeroUsize::new(threads).unwrap(), ..Default::default() };
                let model = model(&network, &Device::flex()).with_engine(Some(options));
                both(&model, batch(&network, 2), &format!("{} on {isa:?}", network.graph().name))
            };
            let one = on(1);
            assert!(one == on(2) && one == on(3), "{isa:?} depends on threads");
        }
        let off = model(&network, &Device::flex()).with_engine(None);
        let burns = floats(off.trace(batch(&network, 2), |_, _| ()));
        assert_eq!(floats(off.forward(batch(&network, 2))), burns);
    }
}

/// Makes every parameter and every statistic another.
struct Half;

impl ModuleMapper for Half {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor * 0.5 + 0.01)
    }
}

#[test]
fn weights_that_are_loaded_or_mapped_count_from_then_on() {
    let network = compile(&small("torchvision"));
    let device = Device::flex();
    let source = model(&network, &device);
    let mut store = SafetensorsStore::from_bytes(None);
    source.save_into(&mut store).unwrap();
    let expected = both(&source, batch(&network, 2), "before");
    let fresh = network.instantiate(&device).unwrap();
    let begun = both(&fresh, batch(&network, 2), "fresh");
    assert_ne!(begun, expected);

    let mut loaded = fresh.clone();
    loaded.load_from(&mut SafetensorsStore::from_bytes(Some(store.get_bytes().unwrap()))).unwrap();
    assert_eq!(both(&loaded, batch(&network, 2), "from a store"), expected);
    let recorded = network.instantiate(&device).unwrap();
    let _ = recorded.forward(batch(&network, 2));
    let recorded = recorded.load_record(source.clone().into_record());
    assert_eq!(both(&recorded, batch(&network, 2), "from a record"), expected);

    let mapped = loaded.map(&mut Half);
    let halved = both(&mapped, batch(&network, 2), "mapped");
    assert!(difference(&expected, &halved) > 1e-3);
    assert_eq!(both(&source, batch(&network, 2), "the original"), expected);
}

#[test]
fn statistics_that_a_clone_changes_count_for_both() {
    // burn's running statistics are shared by clones.
    let network = compile(&cifar());
    for model in [model(&network, &Device::flex()), network.instantiate(&Device::flex()).unwrap()] {
        let before = both(&model, batch(&network, 2), "before");
        let _ = model.clone().map(&mut Half);
        assert!(difference(&before, &both(&model, batch(&network, 2), "after")) > 1e-3);
    }
}

#[test]
fn a_training_step_counts() {
    struct Descent(burn::tensor::Gradients);
    impl ModuleMapper for Descent {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(gradient) = param.val().grad(&self.0) else { return param };
            param.map(|tensor| Tensor::from_inner(tensor.inner() - gradient * 0.1).require_grad())
        }
    }
    let network = compile(&cifar());
    let device = Device::flex().autodiff();
    let mut model = model(&network, &device);
    let mut outputs = vec![both(&model.valid(), batch(&network, 2), "untrained")];
    for _ in 0..2 {
        let output = model.forward(images(input_shape(&network, 4), &device)).into_vector().unwrap();
        let statistics_alone = both(&model.valid(), batch(&network, 2), "after a pass");
        assert!(difference(outputs.last().unwrap(), &statistics_alone) > 1e-4);
        model = model.map(&mut Descent(output.powf_scalar(2.0).mean().backward()));
        let trained = both(&model.valid(), batch(&network, 2), "after a step");
        assert!(difference(&statistics_alone, &trained) > 1e-4);
        outputs.push(trained);
    }
    // And back again.
    assert_eq!(both(&model.valid().train().valid(), batch(&network, 2), "to and fro"), outputs[2]);
}

#[test]
fn many_may_ask_one_model_at_once() {
    let network = compile(&cifar());
    let model = model(&network, &Device::flex());
    let expected = floats(model.clone().with_engine(Some(engine::Options::default())).forward(batch(&network, 2)));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| assert_eq!(floats(model.forward(batch(&network, 2))), expected)));
        }
    });
    rayon::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|_| {
                (0..5).for_each(|_| assert_eq!(floats(model.clone().forward(batch(&network, 2))), expected))
            });
        }
    });
}

#[test]
fn images_that_lie_otherwise_or_are_of_another_size_or_none_are_taken_as_burn_takes_them() {
    let network = compile(&cifar());
    let model = model(&network, &Device::flex());
    let expected = both(&model, batch(&network, 2), "in order");
    let [count, channels, height, width] = input_shape(&network, 2);
    let last: Vec<f32> = floats_of(batch(&network, 2).permute([0, 2, 3, 1]));
    let last = Tensor::<4>::from_data(TensorData::new(last, [count, height, width, channels]), &Device::flex());
    assert_eq!(both(&model, last.permute([0, 3, 1, 2]), "channels last"), expected);
    let part = Tensor::cat(vec![batch(&network, 1), batch(&network, 2)], 0).narrow(0, 1, 2);
    assert_eq!(both(&model, part, "a part"), expected);

    let shape = [1, 3, 40, 36];
    let other = || {
        Tensor::<4>::from_data(TensorData::new(fill("input", &shape), shape.map(|side| side as usize)), &Device::flex())
    };
    assert_eq!(floats(model.forward(other())), floats(model.trace(other(), |_, _| ())));

    let none = Tensor::<4>::zeros([0, channels, height, width], &Device::flex());
    assert_eq!(model.forward(none).dims(), [0, 10]);
}

fn floats_of(tensor: Tensor<4>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Counts what it is asked for.
struct Counted(Fresh, Arc<AtomicUsize>);

impl Supply for Counted {
    fn tensor(&mut self, parameter: Parameter) -> Result<Option<Array>, Misfit> {
        self.1.fetch_add(usize::from(parameter.kind.is_trainable()), Ordering::Relaxed);
        self.0.tensor(parameter)
    }
}

#[test]
fn parameters_are_made_when_somebody_looks_at_them_and_are_then_the_supplys() {
    let network = compile(&cifar());
    let fresh = || Fresh::varied(&network, 7);
    let asked = Arc::new(AtomicUsize::new(0));
    let model = network.instantiate_from(&Device::flex(), Counted(fresh(), asked.clone())).unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    model.prepare().unwrap();
    let for_the_engine = asked.load(Ordering::Relaxed);
    let output = floats(model.forward(batch(&network, 2)));
    assert_eq!(asked.load(Ordering::Relaxed), for_the_engine);
    assert_eq!(model.weights(), collect(&network, fresh()).unwrap());
    assert!(asked.load(Ordering::Relaxed) > for_the_engine);
    assert_eq!(both(&model, batch(&network, 2), "once they are made"), output);
}

#[test]
fn a_supply_that_lacks_a_tensor_is_told_when_the_engine_is_made() {
    struct Nothing(Fresh);
    impl Supply for Nothing {
        fn tensor(&mut self, parameter: Parameter) -> Result<Option<Array>, Misfit> {
            if parameter.kind.is_trainable() { Ok(None) } else { self.0.tensor(parameter) }
        }
    }
    let network = compile(&cifar());
    let model = network.instantiate_from(&Device::flex(), Nothing(Fresh::new(&network, 0))).unwrap();
    assert_eq!(model.prepare().unwrap_err().code.number(), "E0701");
}
