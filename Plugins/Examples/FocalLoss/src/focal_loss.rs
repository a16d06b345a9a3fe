//! retina.FocalLoss: a binary cross entropy that looks away from what is easy.
//!
//! Source: T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, Focal Loss for Dense Object
//! Detection, ICCV 2017, equation 5, and the derivative of appendix B; torchvision's
//! `sigmoid_focal_loss`.
//!
//!     m = x where t = 1, else -x            p = sigma(m), the probability of what is true
//!     a = alpha where t = 1, else 1 - alpha
//!     l = a q^gamma c,   q = 1 - p,  c = -ln p
//!     dl/dm = -a (q^(gamma + 1) + gamma q^gamma p c),   dx = dl/dm where t = 1, else -dl/dm
//!
//! Shapes: x of any shape, t of 0 and 1 like x -> l like x, or a scalar where `reduction` is mean
//! or sum.

// The same file as `cnn-verify new-layer --language rust` writes.
#[path = "../../../../Sources/CTemplates/files/rust/cnn_layer.rs"]
mod cnn_layer;
mod bound;

use cnn_layer as cnn;
use std::ffi::c_void;
use std::os::raw::c_int;

#[derive(Clone, Copy, PartialEq)]
pub enum Reduction {
    None,
    Mean,
    Sum,
}

pub struct FocalLoss {
    alpha: f64,
    gamma: f64,
    reduction: Reduction,
}

/// 1 / (1 + exp(-x)), without overflow.
fn sigma(x: f64) -> f64 {
    if x < 0.0 {
        x.exp() / (1.0 + x.exp())
    } else {
        1.0 / (1.0 + (-x).exp())
    }
}

/// What a loss and its derivative are made of, for one element.
pub struct Parts {
    /// 1 where t = 1, else -1.
    sign: f64,
    /// a, rounded as the reference rounds it.
    weight: f64,
    m: f64,
    p: f64,
    q: f64,
    /// c = -ln p = ln(1 + exp(-m)).
    entropy: f64,
}

impl FocalLoss {
    fn parts(&self, alpha: f64, x: f64, t: f64) -> Parts {
        let sign = if t == 1.0 { 1.0 } else { -1.0 };
        let m = sign * x;
        Parts {
            sign,
            weight: if t == 1.0 { alpha } else { 1.0 - alpha },
            m,
            p: sigma(m),
            q: sigma(-m),
            entropy: (-m).max(0.0) + (-m.abs()).exp().ln_1p(),
        }
    }

    fn loss(&self, e: &Parts) -> f64 {
        e.weight * e.q.powf(self.gamma) * e.entropy
    }

    fn slope(&self, e: &Parts) -> f64 {
        let power = e.q.powf(self.gamma);
        -e.sign * e.weight * (power * e.q + self.gamma * power * e.p * e.entropy)
    }

    /// By what the sum of all losses is divided, and each upstream gradient with it.
    fn divisor(&self, count: usize) -> f64 {
        match self.reduction {
            Reduction::Mean => count as f64,
            Reduction::None | Reduction::Sum => 1.0,
        }
    }
}

// ---- The functions of the table. The host passes pointers that are valid during the call.

extern "C" fn create(
    host: *const cnn::Host,
    _kind: *const cnn::LayerType,
    this: *mut *mut c_void,
) -> c_int {
    unsafe {
        let words = [text!("none"), text!("mean"), text!("sum"), std::ptr::null()];
        let layer = FocalLoss {
            alpha: ((*host).get_real)(host, text!("alpha"), 0.25, 0.0, 1.0),
            gamma: ((*host).get_real)(host, text!("gamma"), 2.0, 1.0, 16.0),
            reduction: match ((*host).get_choice)(host, text!("reduction"), words.as_ptr(), 0) {
                1 => Reduction::Mean,
                2 => Reduction::Sum,
                _ => Reduction::None,
            },
        };
        *this = Box::into_raw(Box::new(layer)) as *mut c_void;
    }
    cnn::OK
}

extern "C" fn destroy(this: *mut c_void) {
    unsafe { drop(Box::from_raw(this as *mut FocalLoss)) }
}

extern "C" fn infer(
    this: *mut c_void,
    host: *const cnn::Host,
    operands: *const cnn::Operands,
) -> c_int {
    unsafe {
        let layer = &*(this as *const FocalLoss);
        let (x, t) = (&**(*operands).inputs, &**(*operands).inputs.add(1));
        if x.shape() != t.shape() {
            return ((*host).wrong_shape)(host, text!("input.1"), text!("the shape of the logits"));
        }
        let rank = if layer.reduction == Reduction::None { x.rank } else { 0 };
        ((*host).add_output)(host, rank, x.shape.as_ptr())
    }
}

extern "C" fn check_values(
    _this: *mut c_void,
    host: *const cnn::Host,
    operands: *const cnn::Operands,
) -> c_int {
    let t = unsafe { &**(*operands).inputs.add(1) };
    if t.elements().iter().all(|&t| t == 0.0 || t == 1.0) {
        return cnn::OK;
    }
    unsafe { ((*host).fail)(host, text!("has a target other than 0 and 1")) }
}

extern "C" fn forward(
    this: *mut c_void,
    host: *const cnn::Host,
    operands: *const cnn::Operands,
    results: *const cnn::Results,
) -> c_int {
    unsafe {
        let layer = &*(this as *const FocalLoss);
        let alpha = ((*host).constant)(host, layer.alpha);
        let (x, t) = (&**(*operands).inputs, &**(*operands).inputs.add(1));
        let y = cnn::written(*(*results).outputs);
        let losses = x.elements().iter().zip(t.elements());
        let losses = losses.map(|(&x, &t)| layer.loss(&layer.parts(alpha, x, t)));
        match layer.reduction {
            Reduction::None => y.iter_mut().zip(losses).for_each(|(y, loss)| *y = loss),
            _ => y[0] = losses.sum::<f64>() / layer.divisor(x.count as usize),
        }
    }
    cnn::OK
}

extern "C" fn backward(
    this: *mut c_void,
    host: *const cnn::Host,
    operands: *const cnn::Operands,
    gradients: *const cnn::Gradients,
) -> c_int {
    unsafe {
        let dx = *(*gradients).inputs;
        if dx.is_null() {
            return cnn::OK;
        }
        let layer = &*(this as *const FocalLoss);
        let alpha = ((*host).constant)(host, layer.alpha);
        let (x, t) = (&**(*operands).inputs, &**(*operands).inputs.add(1));
        let dy = (&**(*gradients).upstream).elements();
        let divisor = layer.divisor(x.count as usize);
        for (i, dx) in cnn::written(dx).iter_mut().enumerate() {
            let parts = layer.parts(alpha, x.elements()[i], t.elements()[i]);
            let upstream = if dy.len() == 1 { dy[0] } else { dy[i] };
            *dx = upstream / divisor * layer.slope(&parts);
        }
    }
    cnn::OK
}

// ---- The table.

static INPUTS: cnn::Fixed<[cnn::Slot; 2]> = cnn::Fixed([
    cnn::Slot::new(text!("input"), cnn::NUMBERS),
    cnn::Slot::new(text!("target"), cnn::MASK),
]);

static EXAMPLES: cnn::Fixed<[cnn::Example; 6]> = cnn::Fixed([
    cnn::Example::new(text!("logits of boxes"), text!(""), text!("input=3x4 target=3x4")),
    cnn::Example::new(
        text!("mean, another focus"),
        text!("gamma=1.5 alpha=0.7 reduction=mean"),
        text!("input=2x3x2 target=2x3x2"),
    ),
    cnn::Example::new(
        text!("sum, little focus"),
        text!("gamma=1 reduction=sum"),
        text!("input=5 target=5"),
    ),
    cnn::Example::new(text!("no boxes"), text!("reduction=sum"), text!("input=0x3 target=0x3")),
    cnn::Example {
        refused: text!("the shape of the logits"),
        ..cnn::Example::new(text!("fewer targets"), text!(""), text!("input=4 target=3"))
    },
    cnn::Example {
        refused: text!("gamma"),
        ..cnn::Example::new(text!("no focus"), text!("gamma=0"), text!("input=4 target=4"))
    },
]);

static LAYER: cnn::Fixed<cnn::LayerType> = cnn::Fixed(cnn::LayerType {
    traits: cnn::LOSS,
    kind: text!("retina.FocalLoss"),
    formula: text!("l = -a (1 - p)^gamma ln p, p = sigma(x) where t = 1, else sigma(-x)"),
    inputs: INPUTS.0.as_ptr(),
    input_count: 2,
    examples: EXAMPLES.0.as_ptr(),
    example_count: 6,
    create: Some(create),
    destroy: Some(destroy),
    infer: Some(infer),
    check_values: Some(check_values),
    forward_f64: Some(forward),
    backward_f64: Some(backward),
    bound: Some(bound::bound),
    ..cnn::LayerType::EMPTY
});

static LAYERS: cnn::Fixed<[*const cnn::LayerType; 1]> = cnn::Fixed([&LAYER.0]);

static PLUGIN: cnn::Fixed<cnn::Plugin> = cnn::Fixed(cnn::Plugin {
    magic: cnn::ABI_MAGIC,
    abi: cnn::ABI,
    struct_size: std::mem::size_of::<cnn::Plugin>() as u32,
    layer_count: 1,
    name: text!("retina"),
    built_with: text!("cnn-abi-1.0 rustc"),
    layers: LAYERS.0.as_ptr(),
});

#[no_mangle]
pub extern "C" fn cnn_plugin_entry() -> *const cnn::Plugin {
    &PLUGIN.0
}
