// SPDX-License-Identifier: MIT
//! libhidp from Rust, with nothing but `extern "C"`: declarations of what is used
//! here, and safe wrappers that give memory back when they are dropped.
//!
//! Sealed objects (models, clusters, plans) are immutable and can be shared between
//! threads; a builder can be moved to another thread, but not shared.

use std::ffi::{CStr, CString};
use std::fmt;
use std::os::raw::c_char;
use std::ptr;

pub type LayerId = u32;

/// The part of the C interface that this module needs.
mod ffi {
    use super::*;

    pub enum Context {}
    pub enum ModelBuilder {}
    pub enum Model {}
    pub enum Cluster {}
    pub enum Cost {}
    pub enum Plan {}

    #[repr(C)]
    pub struct Diagnostic {
        pub struct_size: u32,
        pub status: i32,
        pub line: u32,
        pub column: u32,
        pub subject: [c_char; 128],
        pub message: [c_char; 376],
    }

    #[repr(C)]
    #[derive(Clone, Copy)]
    pub struct Shape {
        pub batch: i64,
        pub channels: i64,
        pub rows: i64,
        pub width: i64,
    }

    #[repr(C)]
    pub struct RowRule {
        pub stride: i64,
        pub divisor: i64,
        pub pad: i64,
        pub extent: i64,
    }

    #[repr(C)]
    pub struct LayerDesc {
        pub struct_size: u32,
        pub flags: u32,
        pub name: *const c_char,
        pub op: u32,
        pub dtype: u32,
        pub inputs: *const LayerId,
        pub input_count: u32,
        pub axis: u32,
        pub shape: Shape,
        pub out_channels: i64,
        pub kernel: [i64; 2],
        pub stride: [i64; 2],
        pub dilation: [i64; 2],
        pub pad: [i64; 4],
        pub groups: i64,
        pub begin: i64,
        pub end: i64,
        pub perm: [u32; 3],
        pub heads: u32,
        pub function: u32,
        pub op_class: u32,
        pub alpha: f64,
        pub beta: f64,
        pub flops: f64,
        pub weight_bytes: f64,
        pub workspace_bytes: f64,
        pub row_rules: *const RowRule,
        pub channel_grain: i64,
        pub colocation: u32,
        pub reserved: u32,
    }

    #[repr(C)]
    pub struct PlanOptions {
        pub struct_size: u32,
        pub flags: u32,
        pub objective: u32,
        pub strategy: u32,
        pub leader: u32,
        pub input_node: u32,
        pub output_node: u32,
        pub reserved: u32,
        pub latency_weight: f64,
        pub period_weight: f64,
        pub energy_weight: f64,
        pub latency_limit_s: f64,
        pub period_limit_s: f64,
        pub energy_limit_j: f64,
        pub migration_weight: f64,
        pub pin_layers: *const LayerId,
        pub pin_nodes: *const u32,
        pub pin_processors: *const u32,
        pub pin_count: usize,
        pub excluded_nodes: *const u32,
        pub excluded_processors: *const u32,
        pub excluded_count: usize,
        pub resident_layers: *const LayerId,
        pub resident_nodes: *const u32,
        pub resident_count: usize,
        pub previous: *const Plan,
        pub work_limit: u64,
    }

    #[repr(C)]
    #[derive(Clone, Copy, Debug)]
    pub struct Figures {
        pub struct_size: u32,
        pub flags: u32,
        pub latency_s: f64,
        pub period_s: f64,
        pub energy_j: f64,
        pub objective: f64,
        pub lower_bound: f64,
        pub gap: f64,
        pub migration_s: f64,
        pub migration_bytes: u64,
        pub transfer_bytes: u64,
        pub work: u64,
    }

    pub type Writer = unsafe extern "C" fn(*const Plan, *mut c_char, usize, *mut usize) -> i32;

    #[link(name = "hidp")]
    extern "C" {
        pub fn hidp_version_string() -> *const c_char;
        pub fn hidp_status_string(status: i32) -> *const c_char;
        pub fn hidp_context_new(options: *const u8, context_out: *mut *mut Context) -> i32;
        pub fn hidp_context_unref(context: *mut Context);
        pub fn hidp_layer_desc_init(desc: *mut LayerDesc, struct_size: usize);
        pub fn hidp_model_builder_new(
            context: *mut Context,
            options: *const u8,
            builder_out: *mut *mut ModelBuilder,
        ) -> i32;
        pub fn hidp_model_builder_add(
            builder: *mut ModelBuilder,
            desc: *const LayerDesc,
            id_out: *mut LayerId,
            diagnostic: *mut Diagnostic,
        ) -> i32;
        pub fn hidp_model_builder_seal(
            builder: *mut ModelBuilder,
            model_out: *mut *mut Model,
            diagnostic: *mut Diagnostic,
        ) -> i32;
        pub fn hidp_model_builder_destroy(builder: *mut ModelBuilder);
        pub fn hidp_model_layer_count(model: *const Model) -> u32;
        pub fn hidp_model_unref(model: *mut Model);
        pub fn hidp_cluster_from_string(
            context: *mut Context,
            text: *const c_char,
            cluster_out: *mut *mut Cluster,
            diagnostic: *mut Diagnostic,
        ) -> i32;
        pub fn hidp_cluster_node_count(cluster: *const Cluster) -> u32;
        pub fn hidp_cluster_unref(cluster: *mut Cluster);
        pub fn hidp_plan_options_init(options: *mut PlanOptions, struct_size: usize);
        pub fn hidp_plan(
            model: *const Model,
            cluster: *const Cluster,
            cost: *const Cost,
            options: *const PlanOptions,
            plan_out: *mut *mut Plan,
            diagnostic: *mut Diagnostic,
        ) -> i32;
        pub fn hidp_plan_get_figures(plan: *const Plan, figures_out: *mut Figures) -> i32;
        pub fn hidp_plan_verify(plan: *const Plan, diagnostic: *mut Diagnostic) -> i32;
        pub fn hidp_plan_to_table(
            plan: *const Plan,
            buffer: *mut c_char,
            size: usize,
            needed_out: *mut usize,
        ) -> i32;
        pub fn hidp_plan_explain(
            plan: *const Plan,
            buffer: *mut c_char,
            size: usize,
            needed_out: *mut usize,
        ) -> i32;
        pub fn hidp_plan_unref(plan: *mut Plan);
    }
}

pub use ffi::{Figures, Shape};

/// Why a call failed: what the library says of the status, the thing, the reason.
#[derive(Debug)]
pub struct Error {
    pub status: i32,
    pub subject: String,
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = unsafe { CStr::from_ptr(ffi::hidp_status_string(self.status)) };
        write!(f, "{}", status.to_string_lossy())?;
        for part in [&self.subject, &self.message] {
            if !part.is_empty() {
                write!(f, ": {}", part)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

pub type Result<T> = std::result::Result<T, Error>;

/// The text in a buffer of the library, up to its NUL.
fn text(buffer: &[c_char]) -> String {
    let bytes: Vec<u8> = buffer
        .iter()
        .take_while(|c| **c != 0)
        .map(|c| *c as u8)
        .collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn clean_diagnostic() -> ffi::Diagnostic {
    ffi::Diagnostic {
        struct_size: std::mem::size_of::<ffi::Diagnostic>() as u32,
        status: 0,
        line: 0,
        column: 0,
        subject: [0; 128],
        message: [0; 376],
    }
}

/// Makes an object through an output pointer, with a diagnostic for when it fails.
fn make<T>(call: impl FnOnce(*mut *mut T, *mut ffi::Diagnostic) -> i32) -> Result<*mut T> {
    let mut made = ptr::null_mut();
    let mut why = clean_diagnostic();
    match call(&mut made, &mut why) {
        0 => Ok(made),
        status => Err(Error {
            status,
            subject: text(&why.subject),
            message: text(&why.message),
        }),
    }
}

/// A handle that gives its reference back when it is dropped.
macro_rules! handle {
    ($(#[$what:meta])* $name:ident, $raw:ty, $release:path) => {
        $(#[$what])*
        pub struct $name(*mut $raw);

        impl Drop for $name {
            fn drop(&mut self) {
                unsafe { $release(self.0) }
            }
        }

        unsafe impl Send for $name {}
    };
}

handle!(
    /// Where objects are made; they keep it alive.
    Context, ffi::Context, ffi::hidp_context_unref
);
handle!(
    /// A model that is being described.
    ModelBuilder, ffi::ModelBuilder, ffi::hidp_model_builder_destroy
);
handle!(
    /// An immutable model.
    Model, ffi::Model, ffi::hidp_model_unref
);
handle!(
    /// An immutable cluster.
    Cluster, ffi::Cluster, ffi::hidp_cluster_unref
);
handle!(
    /// Who computes what, and what it costs; immutable.
    Plan, ffi::Plan, ffi::hidp_plan_unref
);

unsafe impl Sync for Context {}
unsafe impl Sync for Model {}
unsafe impl Sync for Cluster {}
unsafe impl Sync for Plan {}

/// The version of the library that is running.
pub fn version() -> String {
    unsafe { CStr::from_ptr(ffi::hidp_version_string()) }
        .to_string_lossy()
        .into_owned()
}

impl Context {
    pub fn new() -> Result<Context> {
        make(|out, _| unsafe { ffi::hidp_context_new(ptr::null(), out) }).map(Context)
    }

    /// A cluster from a line of text, for example `2*cpu:50,gpu:400 | lan 940M 0.25ms`.
    pub fn cluster(&self, line: &str) -> Result<Cluster> {
        let line = CString::new(line).expect("a line has no NUL");
        make(|out, why| unsafe { ffi::hidp_cluster_from_string(self.0, line.as_ptr(), out, why) })
            .map(Cluster)
    }

    pub fn model_builder(&self) -> Result<ModelBuilder> {
        make(|out, _| unsafe { ffi::hidp_model_builder_new(self.0, ptr::null(), out) })
            .map(ModelBuilder)
    }
}

impl ModelBuilder {
    fn add(
        &mut self,
        name: &str,
        inputs: &[LayerId],
        describe: impl FnOnce(&mut ffi::LayerDesc),
    ) -> Result<LayerId> {
        let name = CString::new(name).expect("a name has no NUL");
        let mut desc = std::mem::MaybeUninit::uninit();
        let mut desc = unsafe {
            ffi::hidp_layer_desc_init(desc.as_mut_ptr(), std::mem::size_of::<ffi::LayerDesc>());
            desc.assume_init()
        };
        let mut id = 0;
        desc.name = name.as_ptr();
        desc.inputs = inputs.as_ptr();
        desc.input_count = inputs.len() as u32;
        describe(&mut desc);
        make::<()>(|_, why| unsafe { ffi::hidp_model_builder_add(self.0, &desc, &mut id, why) })?;
        Ok(id)
    }

    pub fn input(&mut self, name: &str, shape: Shape) -> Result<LayerId> {
        self.add(name, &[], |d| {
            d.op = 1;
            d.shape = shape;
        })
    }

    /// A square convolution that keeps rows and columns at stride 1.
    pub fn conv(&mut self, name: &str, input: LayerId, channels: i64, kernel: i64, stride: i64) -> Result<LayerId> {
        self.add(name, &[input], |d| {
            d.op = 2;
            d.out_channels = channels;
            d.kernel = [kernel; 2];
            d.stride = [stride; 2];
            d.pad = [kernel / 2; 4];
        })
    }

    pub fn relu(&mut self, name: &str, input: LayerId) -> Result<LayerId> {
        self.add(name, &[input], |d| {
            d.op = 8;
            d.function = 1;
        })
    }

    pub fn global_pool(&mut self, name: &str, input: LayerId) -> Result<LayerId> {
        self.add(name, &[input], |d| d.op = 7)
    }

    pub fn dense(&mut self, name: &str, input: LayerId, channels: i64) -> Result<LayerId> {
        self.add(name, &[input], |d| {
            d.op = 3;
            d.out_channels = channels;
        })
    }

    pub fn seal(&mut self) -> Result<Model> {
        make(|out, why| unsafe { ffi::hidp_model_builder_seal(self.0, out, why) }).map(Model)
    }
}

impl Model {
    pub fn layer_count(&self) -> u32 {
        unsafe { ffi::hidp_model_layer_count(self.0) }
    }
}

impl Cluster {
    pub fn node_count(&self) -> u32 {
        unsafe { ffi::hidp_cluster_node_count(self.0) }
    }
}

/// What is to be made small.
#[derive(Clone, Copy)]
pub enum Objective {
    Latency = 0,
    Period = 1,
    Energy = 2,
}

/// The best plan for a model on a cluster.
pub fn plan(model: &Model, cluster: &Cluster, objective: Objective) -> Result<Plan> {
    let mut options = std::mem::MaybeUninit::uninit();
    let mut options = unsafe {
        ffi::hidp_plan_options_init(options.as_mut_ptr(), std::mem::size_of::<ffi::PlanOptions>());
        options.assume_init()
    };
    options.objective = objective as u32;
    make(|out, why| unsafe { ffi::hidp_plan(model.0, cluster.0, ptr::null(), &options, out, why) })
        .map(Plan)
}

impl Plan {
    pub fn figures(&self) -> Result<Figures> {
        let mut figures = Figures {
            struct_size: std::mem::size_of::<Figures>() as u32,
            flags: 0,
            latency_s: 0.0,
            period_s: 0.0,
            energy_j: 0.0,
            objective: 0.0,
            lower_bound: 0.0,
            gap: 0.0,
            migration_s: 0.0,
            migration_bytes: 0,
            transfer_bytes: 0,
            work: 0,
        };
        make::<()>(|_, _| unsafe { ffi::hidp_plan_get_figures(self.0, &mut figures) })?;
        Ok(figures)
    }

    /// Checks the plan by other means than those that made it.
    pub fn verify(&self) -> Result<()> {
        make::<()>(|_, why| unsafe { ffi::hidp_plan_verify(self.0, why) }).map(|_| ())
    }

    pub fn table(&self) -> Result<String> {
        self.written(ffi::hidp_plan_to_table)
    }

    pub fn explain(&self) -> Result<String> {
        self.written(ffi::hidp_plan_explain)
    }

    /// The whole text of a function that writes into a buffer.
    fn written(&self, write: ffi::Writer) -> Result<String> {
        let mut needed = 0;
        make::<()>(|_, _| unsafe { write(self.0, ptr::null_mut(), 0, &mut needed) })?;
        let mut buffer: Vec<c_char> = vec![0; needed + 1];
        make::<()>(|_, _| unsafe {
            write(self.0, buffer.as_mut_ptr(), buffer.len(), ptr::null_mut())
        })?;
        Ok(text(&buffer))
    }
}
