//! What cnn_layer.h declares, for Rust. The header, of which a copy lies beside Cargo.toml, explains
//! it; names are the same, but for the prefix of types.
#![allow(dead_code)]

use std::ffi::c_void;
use std::os::raw::{c_char, c_int};

pub const OK: c_int = 0;
pub const ABI_MAGIC: u32 = 0x4C4E_4E43;
pub const ABI: u32 = 0x0001_0000;
pub const MAX_RANK: usize = 8;

pub const NUMBERS: u32 = 0;
pub const POSITIVE_NUMBERS: u32 = 1;
pub const PROBABILITIES: u32 = 2;
pub const INDICES: u32 = 3;
pub const LABELS: u32 = 4;
pub const MASK: u32 = 5;
pub const SIGNS: u32 = 6;

pub const INDEPENDENT_SAMPLES: u32 = 1 << 0;
pub const DEPENDS_ON_TRAINING: u32 = 1 << 1;
pub const ELEMENTWISE: u32 = 1 << 2;
pub const LOSS: u32 = 1 << 3;

pub const OUTPUT: u32 = 0;
pub const INPUT_GRADIENT: u32 = 1;
pub const PARAMETER_GRADIENT: u32 = 2;
pub const BUFFER: u32 = 3;

pub const BOUND_NONE: u32 = 0;
pub const BOUND_EXACT: u32 = 1;
pub const BOUND_ACCUMULATED: u32 = 2;
pub const BOUND_ELEMENTWISE: u32 = 3;

#[repr(C)]
pub struct Slot {
    pub struct_size: u32,
    pub content: u32,
    pub is_optional: u32,
    pub reserved: u32,
    pub name: *const c_char,
}

#[repr(C)]
pub struct Example {
    pub struct_size: u32,
    pub is_training: u32,
    pub name: *const c_char,
    pub hyperparameters: *const c_char,
    pub tensors: *const c_char,
    pub refused: *const c_char,
    pub index_limit: i64,
}

#[repr(C)]
pub struct Tensor {
    pub struct_size: u32,
    pub format: u32,
    pub rank: u32,
    pub reserved: u32,
    pub count: i64,
    pub shape: [i64; MAX_RANK],
    pub data: *mut c_void,
}

#[repr(C)]
pub struct Operands {
    pub struct_size: u32,
    pub input_count: u32,
    pub inputs: *const *const Tensor,
    pub parameters: *const *const Tensor,
    pub buffers: *const *const Tensor,
    pub auxiliary: *const *const Tensor,
    pub is_training: u32,
    pub format: u32,
    pub input_format: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct Results {
    pub struct_size: u32,
    pub output_count: u32,
    pub outputs: *const *mut Tensor,
    pub buffers: *const *mut Tensor,
}

#[repr(C)]
pub struct Gradients {
    pub struct_size: u32,
    pub output_count: u32,
    pub upstream: *const *const Tensor,
    pub inputs: *const *mut Tensor,
    pub parameters: *const *mut Tensor,
}

#[repr(C)]
pub struct Question {
    pub struct_size: u32,
    pub result: u32,
    pub index: u32,
    pub output_count: u32,
    pub operands: *const Operands,
    pub upstream: *const *const Tensor,
    pub computed: *const Tensor,
    pub unit: f64,
    pub underflow: f64,
}

#[repr(C)]
pub struct Bound {
    pub struct_size: u32,
    pub form: u32,
    pub terms: i64,
    pub is_products: u32,
    pub reserved: u32,
    pub values: *mut Tensor,
}

#[repr(C)]
pub struct Value {
    pub struct_size: u32,
    pub kind: u32,
    pub integer: i64,
    pub real: f64,
    pub text: *const c_char,
    pub count: u64,
    pub items: *const *const Value,
}

type Name = *const c_char;

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi: u32,
    pub fail: extern "C" fn(*const Host, Name) -> c_int,
    pub get_integer: extern "C" fn(*const Host, Name, i64, i64, i64) -> i64,
    pub get_real: extern "C" fn(*const Host, Name, f64, f64, f64) -> f64,
    pub get_boolean: extern "C" fn(*const Host, Name, c_int) -> c_int,
    pub get_choice: extern "C" fn(*const Host, Name, *const Name, c_int) -> c_int,
    pub get_integers: extern "C" fn(*const Host, Name, *mut i64, u32, i64, i64),
    pub get_value: extern "C" fn(*const Host, Name) -> *const Value,
    pub name_at: extern "C" fn(*const Host, u32) -> Name,
    pub value_at: extern "C" fn(*const Host, u32) -> *const Value,
    pub explain: extern "C" fn(*const Host, Name, Name),
    pub ignore: extern "C" fn(*const Host, Name),
    pub add_output: extern "C" fn(*const Host, u32, *const i64) -> c_int,
    pub wrong_shape: extern "C" fn(*const Host, Name, Name) -> c_int,
    pub constant: extern "C" fn(*const Host, f64) -> f64,
    pub add_kink: extern "C" fn(*const Host, u32, f64, f64) -> c_int,
    pub context: *mut c_void,
}

pub type Create = extern "C" fn(*const Host, *const LayerType, *mut *mut c_void) -> c_int;
pub type Destroy = extern "C" fn(*mut c_void);
pub type Infer = extern "C" fn(*mut c_void, *const Host, *const Operands) -> c_int;
pub type Forward = extern "C" fn(*mut c_void, *const Host, *const Operands, *const Results) -> c_int;
pub type Backward =
    extern "C" fn(*mut c_void, *const Host, *const Operands, *const Gradients) -> c_int;
pub type BoundOf = extern "C" fn(*mut c_void, *const Host, *const Question, *mut Bound) -> c_int;
pub type Kinks = extern "C" fn(*mut c_void, *const Host) -> c_int;

#[repr(C)]
pub struct LayerType {
    pub struct_size: u32,
    pub traits: u32,
    pub kind: *const c_char,
    pub formula: *const c_char,
    pub inputs: *const Slot,
    pub parameters: *const Slot,
    pub buffers: *const Slot,
    pub auxiliary: *const Slot,
    pub input_count: u32,
    pub parameter_count: u32,
    pub buffer_count: u32,
    pub auxiliary_count: u32,
    pub examples: *const Example,
    pub example_count: u32,
    pub reserved: u32,
    pub user: *const c_void,
    pub create: Option<Create>,
    pub destroy: Option<Destroy>,
    pub infer: Option<Infer>,
    pub check_values: Option<Infer>,
    pub forward_f64: Option<Forward>,
    pub forward_f32: Option<Forward>,
    pub backward_f64: Option<Backward>,
    pub backward_f32: Option<Backward>,
    pub define_f64: Option<Forward>,
    pub bound: Option<BoundOf>,
    pub kinks: Option<Kinks>,
}

#[repr(C)]
pub struct Plugin {
    pub magic: u32,
    pub abi: u32,
    pub struct_size: u32,
    pub layer_count: u32,
    pub name: *const c_char,
    pub built_with: *const c_char,
    pub layers: *const *const LayerType,
}

/// A table that stays where it is and never changes, so that threads may share it.
#[repr(transparent)]
pub struct Fixed<T>(pub T);
unsafe impl<T> Sync for Fixed<T> {}

/// Text for the host: `text!("dim")`.
#[macro_export]
macro_rules! text {
    ($text:expr) => {
        concat!($text, "\0").as_ptr() as *const std::os::raw::c_char
    };
}

impl Slot {
    pub const fn new(name: *const c_char, content: u32) -> Slot {
        let struct_size = std::mem::size_of::<Slot>() as u32;
        Slot { struct_size, content, is_optional: 0, reserved: 0, name }
    }
}

impl Example {
    pub const fn new(
        name: *const c_char,
        hyperparameters: *const c_char,
        tensors: *const c_char,
    ) -> Example {
        Example {
            struct_size: std::mem::size_of::<Example>() as u32,
            is_training: 0,
            name,
            hyperparameters,
            tensors,
            refused: std::ptr::null(),
            index_limit: 0,
        }
    }
}

impl LayerType {
    /// A kind without anything, to be completed.
    pub const EMPTY: LayerType = LayerType {
        struct_size: std::mem::size_of::<LayerType>() as u32,
        traits: 0,
        kind: std::ptr::null(),
        formula: std::ptr::null(),
        inputs: std::ptr::null(),
        parameters: std::ptr::null(),
        buffers: std::ptr::null(),
        auxiliary: std::ptr::null(),
        input_count: 0,
        parameter_count: 0,
        buffer_count: 0,
        auxiliary_count: 0,
        examples: std::ptr::null(),
        example_count: 0,
        reserved: 0,
        user: std::ptr::null(),
        create: None,
        destroy: None,
        infer: None,
        check_values: None,
        forward_f64: None,
        forward_f32: None,
        backward_f64: None,
        backward_f32: None,
        define_f64: None,
        bound: None,
        kinks: None,
    };
}

impl Tensor {
    pub fn shape(&self) -> &[i64] {
        &self.shape[..self.rank as usize]
    }

    /// The elements in double precision.
    pub fn elements(&self) -> &[f64] {
        match self.count {
            0 => &[],
            count => unsafe { std::slice::from_raw_parts(self.data as *const f64, count as usize) },
        }
    }
}

/// The elements of a tensor that is to be written, in double precision.
///
/// # Safety
/// The tensor is one that the host asks for, and nobody else holds its elements.
pub unsafe fn written<'a>(tensor: *mut Tensor) -> &'a mut [f64] {
    match (*tensor).count {
        0 => &mut [],
        count => std::slice::from_raw_parts_mut((*tensor).data as *mut f64, count as usize),
    }
}
