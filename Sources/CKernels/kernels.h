// The table of one path's kernels. A path's file chooses the instructions and the register block, names the
// table in KERNELS and includes this.

#ifndef MOE_KERNELS_H
#define MOE_KERNELS_H

#include "attention.h"
#include "cached_attention.h"
#include "elementwise.h"
#include "matmul.h"
#include "matmul_reduced.h"
#include "normalization.h"
#include "reduction.h"

const moe_kernels KERNELS = {
    .linear = kernel_linear,
    .linear_reduced = kernel_linear_reduced,
    .narrow = kernel_narrow,
    .quantize = kernel_quantize,
    .attention = kernel_attention,
    .cached_attention = kernel_cached_attention,
    .softmax = kernel_softmax,
    .layer_norm = kernel_layer_norm,
    .rms_norm = kernel_rms_norm,
    .silu_product = kernel_silu_product,
    .rotary = kernel_rotary,
    .exp = kernel_exp,
    .gelu = kernel_gelu,
    .sum = kernel_sum,
    .dot = kernel_dot,
    .mean_pool = kernel_mean_pool,
    .l2_normalize = kernel_l2_normalize,
    .add_scaled = kernel_add_scaled,
    .gelu_backward = kernel_gelu_backward,
    .softmax_backward = kernel_softmax_backward,
    .layer_norm_backward = kernel_layer_norm_backward,
};

#endif
