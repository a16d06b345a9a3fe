//! XPREFIX.XNAME: a kind of layer for cnn-verify.
//!
//!     y[n,c,a]  = g[c] * x[n,c,a]
//!     dx[n,c,a] = g[c] * dy[n,c,a]
//!     dg[c]     = sum over n and a of x[n,c,a] * dy[n,c,a]
//!
//! x may have any shape with an axis `dim` of length C; n runs over the axes before it, a over
//! those after it; g has the shape (C). cnn_layer.h says what each function owes.

mod cnn_layer;

use cnn_layer as cnn;
use std::ffi::c_void;
use std::os::raw::c_int;

struct Layer {
    dim: usize,
}

impl Layer {
    /// The place in g of each element of a tensor of the shape of x.
    fn channel(&self, x: &cnn::Tensor) -> impl Fn(usize) -> usize {
        let area = x.shape()[self.dim + 1..].iter().product::<i64>() as usize;
        let channels = x.shape()[self.dim] as usize;
        move |i| i / area % channels
    }

    /// y[n,c,a] = g[c] * x[n,c,a], for dx with dy in place of x.
    fn scale(&self, x: &cnn::Tensor, g: &cnn::Tensor, y: &mut [f64]) {
        let (channel, x, g) = (self.channel(x), x.elements(), g.elements());
        for i in 0..x.len() {
            y[i] = g[channel(i)] * x[i];
        }
    }

    /// dg[c] = sum over n and a of x[n,c,a] * dy[n,c,a], each term transformed.
    fn sum(&self, x: &cnn::Tensor, dy: &cnn::Tensor, dg: &mut [f64], term: fn(f64) -> f64) {
        let (channel, x, dy) = (self.channel(x), x.elements(), dy.elements());
        dg.fill(0.0);
        for i in 0..x.len() {
            dg[channel(i)] += term(x[i] * dy[i]);
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
        // Hyper-parameters.
        let dim = ((*host).get_integer)(host, text!("dim"), 1, 0, cnn::MAX_RANK as i64 - 1);
        *this = Box::into_raw(Box::new(Layer { dim: dim as usize })) as *mut c_void;
    }
    cnn::OK
}

extern "C" fn destroy(this: *mut c_void) {
    unsafe { drop(Box::from_raw(this as *mut Layer)) }
}

extern "C" fn infer(
    this: *mut c_void,
    host: *const cnn::Host,
    operands: *const cnn::Operands,
) -> c_int {
    unsafe {
        let layer = &*(this as *const Layer);
        let (x, g) = (&**(*operands).inputs, &**(*operands).parameters);
        if x.shape().len() <= layer.dim {
            return ((*host).wrong_shape)(host, text!("input"), text!("more axes than dim"));
        }
        if g.shape() != [x.shape()[layer.dim]] {
            let expected = text!("as long as the axis dim of the input");
            return ((*host).wrong_shape)(host, text!("parameters/gain"), expected);
        }
        ((*host).add_output)(host, x.rank, x.shape.as_ptr())
    }
}

extern "C" fn forward(
    this: *mut c_void,
    _host: *const cnn::Host,
    operands: *const cnn::Operands,
    results: *const cnn::Results,
) -> c_int {
    unsafe {
        let layer = &*(this as *const Layer);
        let (x, g) = (&**(*operands).inputs, &**(*operands).parameters);
        layer.scale(x, g, cnn::written(*(*results).outputs));
    }
    cnn::OK
}

extern "C" fn backward(
    this: *mut c_void,
    _host: *const cnn::Host,
    operands: *const cnn::Operands,
    gradients: *const cnn::Gradients,
) -> c_int {
    unsafe {
        let layer = &*(this as *const Layer);
        let (x, g) = (&**(*operands).inputs, &**(*operands).parameters);
        let dy = &**(*gradients).upstream;
        let (dx, dg) = (*(*gradients).inputs, *(*gradients).parameters);
        if !dx.is_null() {
            layer.scale(dy, g, cnn::written(dx));
        }
        if !dg.is_null() {
            layer.sum(x, dy, cnn::written(dg), |term| term);
        }
    }
    cnn::OK
}

/// One product for y and dx, a sum of products for dg: the number of roundings that a term goes
/// through, and the sum of the absolute values of the terms.
extern "C" fn bound(
    this: *mut c_void,
    _host: *const cnn::Host,
    question: *const cnn::Question,
    answer: *mut cnn::Bound,
) -> c_int {
    unsafe {
        let (layer, question, answer) = (&*(this as *const Layer), &*question, &mut *answer);
        let values = cnn::written(answer.values);
        answer.form = cnn::BOUND_ACCUMULATED;
        if question.result == cnn::PARAMETER_GRADIENT {
            let x = &**(*question.operands).inputs;
            answer.terms = (x.count / (values.len().max(1) as i64)).max(1);
            layer.sum(x, &**question.upstream, values, f64::abs);
        } else {
            answer.terms = 1;
            for (value, y) in values.iter_mut().zip((*question.computed).elements()) {
                *value = y.abs();
            }
        }
    }
    cnn::OK
}

// ---- The table.

static INPUTS: cnn::Fixed<[cnn::Slot; 1]> =
    cnn::Fixed([cnn::Slot::new(text!("input"), cnn::NUMBERS)]);
static PARAMETERS: cnn::Fixed<[cnn::Slot; 1]> =
    cnn::Fixed([cnn::Slot::new(text!("gain"), cnn::NUMBERS)]);

static EXAMPLES: cnn::Fixed<[cnn::Example; 4]> = cnn::Fixed([
    cnn::Example::new(text!("channels of images"), text!(""), text!("input=2x3x4x5 gain=3")),
    cnn::Example::new(text!("one axis"), text!("dim=0"), text!("input=7 gain=7")),
    cnn::Example::new(text!("no samples"), text!(""), text!("input=0x2 gain=2")),
    cnn::Example {
        refused: text!("as long as the axis dim"),
        ..cnn::Example::new(text!("as many gains as rows"), text!(""), text!("input=2x3 gain=2"))
    },
]);

static LAYER: cnn::Fixed<cnn::LayerType> = cnn::Fixed(cnn::LayerType {
    kind: text!("XPREFIX.XNAME"),
    formula: text!("y[n,c,a] = g[c] * x[n,c,a]"),
    inputs: INPUTS.0.as_ptr(),
    input_count: 1,
    parameters: PARAMETERS.0.as_ptr(),
    parameter_count: 1,
    examples: EXAMPLES.0.as_ptr(),
    example_count: 4,
    create: Some(create),
    destroy: Some(destroy),
    infer: Some(infer),
    forward_f64: Some(forward),
    backward_f64: Some(backward),
    bound: Some(bound),
    ..cnn::LayerType::EMPTY
});

static LAYERS: cnn::Fixed<[*const cnn::LayerType; 1]> = cnn::Fixed([&LAYER.0]);

static PLUGIN: cnn::Fixed<cnn::Plugin> = cnn::Fixed(cnn::Plugin {
    magic: cnn::ABI_MAGIC,
    abi: cnn::ABI,
    struct_size: std::mem::size_of::<cnn::Plugin>() as u32,
    layer_count: 1,
    name: text!("XPREFIX"),
    built_with: text!("cnn-abi-1.0 rustc"),
    layers: LAYERS.0.as_ptr(),
});

#[no_mangle]
pub extern "C" fn cnn_plugin_entry() -> *const cnn::Plugin {
    &PLUGIN.0
}
