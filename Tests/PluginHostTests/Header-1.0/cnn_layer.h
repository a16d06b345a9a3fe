/* cnn_layer.h: layers of convolutional networks in shared libraries, for cnn-verify.
 *
 * A plug-in is a shared library with one exported function, `cnn_plugin_entry`, which returns a
 * table of layer kinds. This header is all that a plug-in needs: it depends on nothing but
 * <stdint.h> and <stddef.h>, and can be read by a compiler of C11, C++17, Swift, or by the binding
 * generators of Rust and Zig.
 *
 *     cc -std=c11 -O2 -fPIC -shared -I… -o libacme.so acme.c
 *     cnn-verify check net.h5 --plugin /home/me/libacme.so
 *
 * A complete plug-in, y = s·x with the gradient s·dy:
 *
 *     #include "cnn_layer.h"
 *     #include <stdlib.h>
 *
 *     typedef struct { double s; } Scale;
 *
 *     static int create(const cnn_host *host, const cnn_layer_type *type, void **self) {
 *       Scale *scale = malloc(sizeof *scale);
 *       if (!scale) return host->fail(host, "no memory");
 *       scale->s = host->get_real(host, "s", 1, -100, 100);
 *       *self = scale;
 *       return CNN_OK;
 *     }
 *     static void destroy(void *self) { free(self); }
 *
 *     static int infer(void *self, const cnn_host *host, const cnn_operands *x) {
 *       return host->add_output(host, x->inputs[0]->rank, x->inputs[0]->shape);
 *     }
 *     static int forward(
 *         void *self, const cnn_host *host, const cnn_operands *x, const cnn_results *y) {
 *       const double *from = x->inputs[0]->data, s = ((Scale *)self)->s;
 *       double *to = y->outputs[0]->data;
 *       for (int64_t i = 0; i < x->inputs[0]->count; i++) to[i] = s * from[i];
 *       return CNN_OK;
 *     }
 *     static int backward(
 *         void *self, const cnn_host *host, const cnn_operands *x, const cnn_gradients *g) {
 *       if (!g->inputs[0]) return CNN_OK;
 *       const double *dy = g->upstream[0]->data, s = ((Scale *)self)->s;
 *       double *dx = g->inputs[0]->data;
 *       for (int64_t i = 0; i < g->inputs[0]->count; i++) dx[i] = s * dy[i];
 *       return CNN_OK;
 *     }
 *     static const cnn_slot inputs[] = {CNN_SLOT("input", CNN_NUMBERS)};
 *     static const cnn_example examples[] = {CNN_EXAMPLE("doubles", "s=2", "input=2x3x4x5")};
 *     static const cnn_layer_type scale = {
 *         .struct_size = sizeof(cnn_layer_type),
 *         .traits = CNN_ELEMENTWISE | CNN_INDEPENDENT_SAMPLES,
 *         .kind = "acme.Scale", .formula = "y = s * x",
 *         .inputs = inputs, .input_count = 1, .examples = examples, .example_count = 1,
 *         .create = create, .destroy = destroy, .infer = infer,
 *         .forward_f64 = forward, .backward_f64 = backward};
 *     static const cnn_layer_type *const layers[] = {&scale};
 *     static const cnn_plugin plugin = {CNN_PLUGIN_HEADER, 1, "acme", CNN_BUILT_WITH, layers};
 *     CNN_EXPORT const cnn_plugin *cnn_plugin_entry(void) { return &plugin; }
 *
 * RULES
 *
 * Names. The plug-in has a name of letters, digits and `_`; the names of all its kinds begin with
 * it and a point: `acme.Scale`. Names of tensors are made of letters, digits and `_`. All text is
 * UTF-8.
 *
 * Return codes. A function returns CNN_OK, or anything else after it has given the reason with
 * `host->fail`, which returns CNN_FAILED so that `return host->fail(host, "…");` does both.
 *   - From `create`, `infer` and `check_values` a code other than CNN_OK refuses what the user's
 *     file states: its hyper-parameters, its shapes, its values.
 *   - From the others it means that the layer broke down, and nothing can be said about it.
 *
 * Memory. The host owns every tensor. A plug-in reads operands, writes the tensors it is asked for,
 * and keeps no pointer after the call. Operands cannot be written: they are mapped read-only. A
 * write outside a tensor is found and reported. Everything that the table points to stays where it
 * is for as long as the library is loaded.
 *
 * Tensors are contiguous, the last axis fastest. Activations are N C …, weights of
 * convolutions O I …, weights of linear layers O I, as in PyTorch. A scalar has rank 0 and one
 * element. Any extent may be 0.
 *
 * Purity. The results depend on the operands and hyper-parameters alone: the same bits every time,
 * on whatever thread. Calls come one at a time, not always from the same thread. Threads that a
 * plug-in starts have ended their work when the call returns. The rounding mode, the flushing of
 * subnormal numbers, the signal mask, the working directory and the locale are left as they were.
 *
 * Isolation. The library runs in a process of its own without a network, without files other than
 * libraries (those beside the plug-in can be opened while it is being loaded, not later), with
 * limits on time and memory. Standard streams lead nowhere. Ending the process is a crash.
 *
 * VERSIONS
 *
 * The numbers CNN_ABI_MAGIC and CNN_ABI are compiled into the plug-in. A host loads plug-ins of its
 * own major number, whatever their minor number. Every struct begins with `struct_size`, which
 * whoever made the struct sets to `sizeof`; later minor numbers add fields at the end, and what
 * lies beyond `struct_size` is absent. Set fields that you do not use to zero. A plug-in that uses
 * a field of `cnn_host` which minor number 0 does not have checks `host->struct_size` first. Arrays
 * are walked with the `struct_size` of their first element as the step.
 */
#ifndef CNN_LAYER_H
#define CNN_LAYER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "CNNL", read as a little-endian number. */
#define CNN_ABI_MAGIC 0x4C4E4E43u
/* The major number in the upper, the minor number in the lower sixteen bits: 1.0. */
#define CNN_ABI 0x00010000u
#define CNN_ABI_MAJOR 1u
#define CNN_ABI_MINOR 0u

#if defined(_WIN32)
#define CNN_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define CNN_EXPORT __attribute__((visibility("default")))
#else
#define CNN_EXPORT
#endif

/* What the plug-in was built with, for messages. */
#ifdef __VERSION__
#define CNN_BUILT_WITH "cnn-abi-1.0 " __VERSION__
#else
#define CNN_BUILT_WITH "cnn-abi-1.0"
#endif

enum {
  CNN_OK = 0,
  CNN_FAILED = 1,
};

enum {
  CNN_MAX_RANK = 8,     /* axes of a tensor */
  CNN_MAX_KINDS = 4096, /* kinds of a plug-in */
  CNN_MAX_SLOTS = 64,   /* inputs, parameters, buffers, auxiliary tensors, or outputs, each */
};

/* The format of numbers. Tensors are CNN_FLOAT32 or CNN_FLOAT64. */
enum {
  CNN_FLOAT32 = 1,
  CNN_FLOAT64 = 2,
  CNN_FLOAT16 = 3,
  CNN_BFLOAT16 = 4,
};

/* What the elements of a tensor are; random data for checks is drawn accordingly. */
enum {
  CNN_NUMBERS = 0,          /* any finite numbers */
  CNN_POSITIVE_NUMBERS = 1, /* above zero: variances, weights */
  CNN_PROBABILITIES = 2,    /* between 0 and 1 */
  CNN_INDICES = 3,          /* non-negative whole numbers; no gradient reaches them */
  CNN_LABELS = 4,           /* class indices, or probabilities where the shape is that of input 0 */
  CNN_MASK = 5,             /* 0 or 1; no gradient reaches them */
  CNN_SIGNS = 6,            /* 1 or -1; no gradient reaches them */
};

/* Properties that hold for every configuration of a kind, as bits of `traits`. */
enum {
  CNN_INDEPENDENT_SAMPLES = 1 << 0, /* axis 0 counts samples, and none depends on another */
  CNN_DEPENDS_ON_TRAINING = 1 << 1, /* the result depends on `is_training` */
  CNN_ELEMENTWISE = 1 << 2,         /* an output element depends on the input at its place alone */
  CNN_LOSS = 1 << 3,                /* prediction and target in, the objective out */
  CNN_REPEATS_LAST_INPUT = 1 << 16, /* any number of further inputs like the last one may follow */
};

typedef struct cnn_host cnn_host;
typedef struct cnn_layer_type cnn_layer_type;

/* ---- The description of a kind -------------------------------------------------------------- */

/* One tensor that goes into a layer. */
typedef struct cnn_slot {
  uint32_t struct_size;
  uint32_t content;     /* CNN_NUMBERS … */
  uint32_t is_optional; /* 1 where the layer works without it; optional inputs come last */
  uint32_t reserved;    /* 0 */
  const char *name;     /* as in torch.nn: "input", "weight", "running_mean" */
} cnn_slot;

#define CNN_SLOT(name, content) {sizeof(cnn_slot), (content), 0, 0, (name)}
#define CNN_OPTIONAL_SLOT(name, content) {sizeof(cnn_slot), (content), 1, 0, (name)}

/* A configuration for checks: `cnn-verify conform acme.Scale` runs each kind on its examples.
 *
 * Both texts are entries `name=value` with spaces between them.
 *
 * Values of hyper-parameters are whole numbers (3), numbers (0.5, 1e-5, inf), true, false, words
 * (zeros), words in quotation marks ("two words"), and lists of these without spaces: 3,3 or [3,3],
 * in brackets where they are empty, of one, or nested ([], [3], [[1,2],[3,4]]).
 *
 * Values of tensors are extents with x between them (2x3x5x5), or `scalar`. A tensor goes by the
 * name of its slot; where that is ambiguous, by `parameters/weight`, `buffers/…`, `auxiliary/…`.
 * Inputs are given in order, the repeated one several times. After a colon the elements of an input
 * that cannot be drawn at random may follow: target_lengths=2:3,1. */
typedef struct cnn_example {
  uint32_t struct_size;
  uint32_t is_training;        /* 1: the layer is training */
  const char *name;            /* what is special about it, in a few words */
  const char *hyperparameters; /* "kernel_size=3,3 bias=true"; may be NULL */
  const char *tensors;         /* "input=2x3x5x5 weight=4x3x3x3" */
  const char *refused;         /* NULL, or words of the sentence with which it must be refused */
  int64_t index_limit;         /* one more than the largest index among the inputs; or 0 */
} cnn_example;

#define CNN_EXAMPLE(name, hyperparameters, tensors) \
  {sizeof(cnn_example), 0, (name), (hyperparameters), (tensors), NULL, 0}

/* ---- What a layer is called with ------------------------------------------------------------ */

/* A tensor. Its shape ends after `rank` extents; the rest is 1. */
typedef struct cnn_tensor {
  uint32_t struct_size;
  uint32_t format; /* CNN_FLOAT32 or CNN_FLOAT64, as the function's name says */
  uint32_t rank;
  uint32_t reserved;
  int64_t count; /* elements: the product of the extents */
  int64_t shape[CNN_MAX_RANK];
  void *data; /* aligned to 64 bytes; NULL in `infer`; that of operands is read-only */
} cnn_tensor;

/* Everything that a layer computes from.
 *
 * Arrays of parameters, buffers and auxiliary tensors have one entry for each slot of the kind, in
 * its order, NULL where an optional tensor is absent. Inputs are `input_count`, none of them
 * NULL. */
typedef struct cnn_operands {
  uint32_t struct_size;
  uint32_t input_count;
  const cnn_tensor *const *inputs;
  const cnn_tensor *const *parameters;
  const cnn_tensor *const *buffers;   /* the state before the forward pass */
  const cnn_tensor *const *auxiliary; /* masks, class weights */
  uint32_t is_training;
  uint32_t format;       /* that of the reference's tensors: see `host->constant` */
  uint32_t input_format; /* that of its input, by whose epsilon a constant may be defined */
  uint32_t reserved;
} cnn_operands;

/* Where a forward pass writes: all elements of all outputs.
 *
 * `buffers` has one entry for each slot, NULL where the operand is absent. On entry it holds the
 * state from before; overwrite what changes. */
typedef struct cnn_results {
  uint32_t struct_size;
  uint32_t output_count;
  cnn_tensor *const *outputs;
  cnn_tensor *const *buffers;
} cnn_results;

/* The gradients of L = sum over outputs of <output, upstream>, and where a backward pass writes
 * them.
 *
 * Gradients are sums over batch and space, divided by nothing. A backward pass OVERWRITES all
 * elements of every gradient that is wanted, those of parameters too; it never adds to what is
 * there. */
typedef struct cnn_gradients {
  uint32_t struct_size;
  uint32_t output_count;
  const cnn_tensor *const *upstream; /* one for each output, of its shape */
  cnn_tensor *const *inputs;         /* one for each input; NULL where it is not wanted */
  cnn_tensor *const *parameters;     /* one for each slot; NULL where it is not wanted */
} cnn_gradients;

/* ---- Rounding ------------------------------------------------------------------------------- */

enum {
  CNN_OUTPUT = 0,
  CNN_INPUT_GRADIENT = 1,
  CNN_PARAMETER_GRADIENT = 2,
  CNN_BUFFER = 3,
};

/* The question how far rounding may move each element of one result. */
typedef struct cnn_question {
  uint32_t struct_size;
  uint32_t result; /* CNN_OUTPUT … */
  uint32_t index;  /* which output or input, or which slot of parameters or buffers */
  uint32_t output_count;
  const cnn_operands *operands;      /* in CNN_FLOAT64 */
  const cnn_tensor *const *upstream; /* one for each output; NULL for outputs and buffers */
  const cnn_tensor *computed;        /* the result as it was computed */
  double unit;                       /* the unit roundoffs of both sides together */
  double underflow;                  /* the smallest normal numbers of both sides together */
} cnn_question;

enum {
  CNN_BOUND_NONE = 0,        /* nothing is known about this result: as if there were no `bound` */
  CNN_BOUND_EXACT = 1,       /* nothing is rounded on the way */
  CNN_BOUND_ACCUMULATED = 2, /* a sum of at most `terms` rounded terms: γ(terms) · values[i] */
  CNN_BOUND_ELEMENTWISE = 3, /* values[i], evaluated for `unit` and `underflow`; may be infinite */
};

/* The answer, which must hold for every correct computation, in whatever order it adds. */
typedef struct cnn_bound {
  uint32_t struct_size;
  uint32_t form;        /* CNN_BOUND_NONE … */
  int64_t terms;        /* CNN_BOUND_ACCUMULATED: how many terms, not negative */
  uint32_t is_products; /* CNN_BOUND_ACCUMULATED: 1 where the terms are products of two operands */
  uint32_t reserved;
  cnn_tensor *values; /* of the shape of `computed`, to be filled in for the last two forms: the sum
                         of the terms' absolute values, or the bound of each element */
} cnn_bound;

/* ---- Kinks ---------------------------------------------------------------------------------- */

/* Where the derivative does not exist, and the convention that `backward` follows there. */
enum {
  CNN_KINK_POINT = 0,        /* elementwise: at the input `at` the derivative is `slope` */
  CNN_KINK_DIFFERENCE = 1,   /* of inputs 0 and 1: where it is `at`, the derivative is `slope` */
  CNN_KINK_FIRST_OF_TIES = 2 /* of equal maxima of a window the first in row-major order */
};

/* ---- What the host offers ------------------------------------------------------------------- */

/* A hyper-parameter as the user's file states it. */
enum {
  CNN_VALUE_BOOLEAN = 0, /* integer, 0 or 1 */
  CNN_VALUE_INTEGER = 1, /* integer */
  CNN_VALUE_REAL = 2,    /* real */
  CNN_VALUE_TEXT = 3,    /* text; None is the word "none" */
  CNN_VALUE_LIST = 4,    /* count, items */
};

typedef struct cnn_value {
  uint32_t struct_size;
  uint32_t type; /* CNN_VALUE_… */
  int64_t integer;
  double real;
  const char *text;
  uint64_t count;
  const struct cnn_value *const *items;
} cnn_value;

/* For a default: the hyper-parameter must be stated. */
#define CNN_REQUIRED_INTEGER INT64_MIN
#define CNN_REQUIRED_REAL (-1.7976931348623157e308)

/* Functions of the host, valid during the call to which the host was handed.
 *
 * Reading hyper-parameters never fails: where one is missing or wrong, the host remembers the
 * problem, returns a placeholder within the range, and refuses the layer after `create` with all
 * problems together. Names that nobody read are unknown; the closest known name is told. */
struct cnn_host {
  uint32_t struct_size;
  uint32_t abi; /* that of the host */

  /* Any function: the reason why it does not return CNN_OK, one sentence without a final period;
   * may be called several times in `create`. Returns CNN_FAILED. Long text is cut. */
  int (*fail)(const cnn_host *host, const char *reason);

  /* create: a whole number. The default may be CNN_REQUIRED_INTEGER. */
  int64_t (*get_integer)(
      const cnn_host *host, const char *name, int64_t placeholder, int64_t low, int64_t high);
  /* create: a number, never NaN, and infinite only where the range includes that. The default may
   * be CNN_REQUIRED_REAL. */
  double (*get_real)(
      const cnn_host *host, const char *name, double placeholder, double low, double high);
  /* create: 0 or 1. */
  int (*get_boolean)(const cnn_host *host, const char *name, int placeholder);
  /* create: one of a few words, whose array ends with NULL; returns its position. */
  int (*get_choice)(
      const cnn_host *host, const char *name, const char *const *words, int placeholder);
  /* create: `count` whole numbers into `values`, which holds the defaults on entry, or
   * CNN_REQUIRED_INTEGER in its first element; one number in the file serves for all. */
  void (*get_integers)(
      const cnn_host *host, const char *name, int64_t *values, uint32_t count, int64_t low,
      int64_t high);
  /* create: the value as it is stated, or NULL where it is not; for what the functions above cannot
   * say. It stays until `create` returns. */
  const cnn_value *(*get_value)(const cnn_host *host, const char *name);
  /* create: the name of the hyper-parameter at a position from 0, or NULL beyond the last. */
  const char *(*name_at)(const cnn_host *host, uint32_t position);
  /* create: its value; looking does not count as reading. */
  const cnn_value *(*value_at)(const cnn_host *host, uint32_t position);
  /* create: what a hyper-parameter means that was read with `get_value`, for reports. */
  void (*explain)(const cnn_host *host, const char *name, const char *meaning);
  /* create: accepts a hyper-parameter that changes no number: "inplace", "device". */
  void (*ignore)(const cnn_host *host, const char *name);

  /* infer: the next output has this shape. Returns CNN_OK, or CNN_FAILED for what is no shape. */
  int (*add_output)(const cnn_host *host, uint32_t rank, const int64_t *shape);
  /* infer: refuses the shape of a tensor, "parameters/weight" or "input.0", and names the one that
   * is needed in the notation of documentation, "(O, I, kH, kW)". Returns CNN_FAILED. */
  int (*wrong_shape)(const cnn_host *host, const char *tensor, const char *expected);

  /* forward, backward, bound: a constant of the layer (a slope, an epsilon), rounded to the format
   * of the reference, which computed with the rounded one. */
  double (*constant)(const cnn_host *host, double value);

  /* kinks: one more place where the derivative does not exist. */
  int (*add_kink)(const cnn_host *host, uint32_t kink, double at, double slope);

  void *context; /* the host's own */
};

/* ---- The kind and the plug-in --------------------------------------------------------------- */

struct cnn_layer_type {
  uint32_t struct_size;
  uint32_t traits;     /* CNN_INDEPENDENT_SAMPLES … as bits */
  const char *kind;    /* "acme.Scale" */
  const char *formula; /* in one line or a few, for people; may be NULL */

  const cnn_slot *inputs;     /* in the order of the layer's forward call */
  const cnn_slot *parameters; /* trainable tensors */
  const cnn_slot *buffers;    /* non-trainable state that a forward pass reads and updates */
  const cnn_slot *auxiliary;  /* what chance or the caller decided: masks, class weights */
  uint32_t input_count, parameter_count, buffer_count, auxiliary_count;

  const cnn_example *examples;
  uint32_t example_count;
  uint32_t reserved;
  const void *user; /* for bindings; the host does not look at it */

  /* Makes a layer: reads hyper-parameters through the host, and sets `*self`. */
  int (*create)(const cnn_host *host, const cnn_layer_type *type, void **self);
  /* Ends a layer; may be NULL. Not called for a `create` that failed. */
  void (*destroy)(void *self);

  /* The shape rule: checks the shapes of all operands and names the outputs with
   * `host->add_output`. It looks at shapes and `is_training` alone. */
  int (*infer)(void *self, const cnn_host *host, const cnn_operands *operands);
  /* Checks the values of operands that are not plain numbers: indices, probabilities, masks, in
   * CNN_FLOAT64. May be NULL. Called before anything is computed. */
  int (*check_values)(void *self, const cnn_host *host, const cnn_operands *operands);

  /* The layer in double and in single precision. Those of single precision may be NULL: then the
   * host computes in double precision and rounds. */
  int (*forward_f64)(
      void *self, const cnn_host *host, const cnn_operands *operands, const cnn_results *results);
  int (*forward_f32)(
      void *self, const cnn_host *host, const cnn_operands *operands, const cnn_results *results);
  int (*backward_f64)(
      void *self, const cnn_host *host, const cnn_operands *operands,
      const cnn_gradients *gradients);
  int (*backward_f32)(
      void *self, const cnn_host *host, const cnn_operands *operands,
      const cnn_gradients *gradients);

  /* The textbook formula without regard for speed, by which `forward` is judged in conformance
   * checks; may be NULL: then there is nothing to hold `forward` against. */
  int (*define_f64)(
      void *self, const cnn_host *host, const cnn_operands *operands, const cnn_results *results);
  /* How far rounding may move each element of one result; may be NULL: then the host measures how
   * far rounding does move it, and agreement is never more than a warning. */
  int (*bound)(
      void *self, const cnn_host *host, const cnn_question *question, cnn_bound *answer);
  /* Names the kinks of the layer with `host->add_kink`; may be NULL. */
  int (*kinks)(void *self, const cnn_host *host);
};

/* Magic, version and size, as the plug-in was compiled. */
#define CNN_PLUGIN_HEADER CNN_ABI_MAGIC, CNN_ABI, (uint32_t)sizeof(cnn_plugin)

typedef struct cnn_plugin {
  uint32_t magic;       /* CNN_ABI_MAGIC */
  uint32_t abi;         /* CNN_ABI */
  uint32_t struct_size; /* sizeof(cnn_plugin) */
  uint32_t layer_count; /* 1 to CNN_MAX_KINDS */
  const char *name;     /* "acme" */
  const char *built_with; /* CNN_BUILT_WITH, or what else helps to recognise a build; may be NULL */
  const cnn_layer_type *const *layers;
} cnn_plugin;

/* The one function that a plug-in exports. */
CNN_EXPORT const cnn_plugin *cnn_plugin_entry(void);

/* γ(n) = n·u / (1 − n·u): what a sum of n rounded terms may be off, relative to the sum of their
 * absolute values; infinite from n·u = ¼. Source: N. J. Higham, Accuracy and Stability of Numerical
 * Algorithms, 2nd ed., §3.1. */
static inline double cnn_gamma(const cnn_question *question, int64_t terms) {
  double product = (double)terms * question->unit, large = 1e308;
  return product < 0.25 ? product / (1 - product) : large * large;
}

#ifdef __cplusplus
}
#endif

#endif
