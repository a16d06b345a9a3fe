//! How far rounding may move the focal loss and its gradient.
//!
//! u is the unit roundoff, e the underflow threshold, g(n) = nu/(1 - nu), and E_q the largest error
//! of a quantity q (standard model: N. J. Higham, Accuracy and Stability of Numerical Algorithms,
//! 2nd ed., 2.2 and 3.1). p and q may each have been computed as one minus the other, and c from
//! sums of |m| that cancel:
//!
//!     E_p = E_q = 9u + e,  E_pq = 12u pq + min(p, q) E_p + e
//!     E_c = 8u c + 4u |m| + 2u + e
//!     E_w = (q + E_q)^k - (q - E_q)^k + 16u (1 + k |ln q|) (q + E_q)^k   for w = q^k
//!     E_l = a (E_w (c + E_c) + w E_c) + 4u l + 2e
//!     E_dm = a (E_w (q + E_q) + w E_q) + a gamma (E_v (pq + E_pq)(c + E_c)
//!          + v (E_pq (c + E_c) + pq E_c)) + 8u |dm| + 4e,   w = q^gamma, v = q^(gamma - 1)
//!
//! A sum of n losses adds g(n) times the sum of their magnitudes.

use super::*;

/// The error of q^k, for k of at least 0.
fn power_error(q: f64, e_q: f64, k: f64, u: f64) -> f64 {
    let (high, low) = ((q + e_q).powf(k), (q - e_q).max(0.0).powf(k));
    // What x^k = exp(k ln x) loses; near 0 the power itself is next to nothing.
    let exponent = 1.0 + k * (q + e_q).ln().abs();
    high - low + 16.0 * u * exponent * high
}

impl FocalLoss {
    fn loss_error(&self, p: &Parts, u: f64, e: f64) -> f64 {
        let (e_q, e_c) = (9.0 * u + e, self.entropy_error(p, u, e));
        let w = p.q.powf(self.gamma);
        let e_w = power_error(p.q, e_q, self.gamma, u);
        1.01 * p.weight * (e_w * (p.entropy + e_c) + w * e_c)
            + 5.0 * u * self.loss(p)
            + 2.0 * e
    }

    fn slope_error(&self, p: &Parts, u: f64, e: f64) -> f64 {
        let (e_q, e_c) = (9.0 * u + e, self.entropy_error(p, u, e));
        let (w, v) = (p.q.powf(self.gamma), p.q.powf(self.gamma - 1.0));
        let e_w = power_error(p.q, e_q, self.gamma, u);
        let e_v = power_error(p.q, e_q, self.gamma - 1.0, u);
        let pq = p.p * p.q;
        let e_pq = 12.0 * u * pq + p.p.min(p.q) * e_q + e;
        let entropy = p.entropy + e_c;
        let first = e_w * (p.q + e_q) + w * e_q;
        let second = e_v * (pq + e_pq) * entropy + v * (e_pq * entropy + pq * e_c);
        1.01 * p.weight * (first + self.gamma * second)
            + 9.0 * u * self.slope(p).abs()
            + 4.0 * e
    }

    fn entropy_error(&self, p: &Parts, u: f64, e: f64) -> f64 {
        8.0 * u * p.entropy + 4.0 * u * p.m.abs() + 2.0 * u + e
    }
}

pub extern "C" fn bound(
    this: *mut c_void,
    host: *const cnn::Host,
    question: *const cnn::Question,
    answer: *mut cnn::Bound,
) -> c_int {
    unsafe {
        let (layer, question) = (&*(this as *const FocalLoss), &*question);
        let alpha = ((*host).constant)(host, layer.alpha);
        let (u, e) = (question.unit, question.underflow);
        let operands = &*question.operands;
        let x = (&**operands.inputs).elements();
        let t = (&**operands.inputs.add(1)).elements();
        let parts: Vec<Parts> =
            x.iter().zip(t).map(|(&x, &t)| layer.parts(alpha, x, t)).collect();
        let divisor = layer.divisor(x.len());
        let values = cnn::written((*answer).values);
        (*answer).form = cnn::BOUND_ELEMENTWISE;
        if question.result == cnn::INPUT_GRADIENT {
            let dy = (&**question.upstream).elements();
            for (i, value) in values.iter_mut().enumerate() {
                let upstream = (if dy.len() == 1 { dy[0] } else { dy[i] }).abs() / divisor;
                let slope = layer.slope(&parts[i]).abs();
                *value = 1.01 * upstream * (layer.slope_error(&parts[i], u, e) + 3.0 * u * slope)
                    + 2.0 * e * (1.0 + slope);
            }
        } else if layer.reduction == Reduction::None {
            for (value, p) in values.iter_mut().zip(&parts) {
                *value = layer.loss_error(p, u, e);
            }
        } else {
            let n = parts.len() as f64 + 1.0;
            let gamma = if n * u < 0.25 { n * u / (1.0 - n * u) } else { f64::INFINITY };
            let error = |p: &Parts| layer.loss_error(p, u, e);
            let sum: f64 = parts.iter().map(|p| error(p) + gamma * (layer.loss(p) + error(p))).sum();
            values[0] = 1.01 * sum / divisor + e;
        }
    }
    cnn::OK
}
