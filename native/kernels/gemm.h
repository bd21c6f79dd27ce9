#pragma once
// Matrix products: panels of A and B are packed so that the inner loop reads them in order, and a tile of C stays in
// registers (the scheme of Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", 2008).
#include "kernels/matrix.h"
#include "kernels/vector.h"

namespace onward {
namespace ONWARD_ISA {

template <class T>
struct Gemm {
  using V = typename VectorOf<T>::type;
  static constexpr int width = lanes<V>;
  /** Rows and columns of the tile: as many sums as there are registers for. */
  static constexpr int rows = ONWARD_BYTES == 64 ? 12 : ONWARD_BYTES == 32 ? 6 : 4;
  static constexpr int vectors = 2;
  static constexpr int columns = vectors * width;
  static constexpr int64_t depth = 256;
  static constexpr int64_t blockRows = rows * (ONWARD_BYTES == 64 ? 12 : 24);
  static constexpr int64_t blockColumns = columns * (ONWARD_BYTES == 64 ? 32 : 128);
  static constexpr int64_t work = depth * (blockRows + blockColumns);

  /** [rows x k] as k groups of `rows` entries; rows that are missing are zero. */
  static void packRows(T* to, Matrix<const T> a, int64_t m, int64_t k) {
    for (int64_t i = 0; i < m; i += rows) {
      const int64_t count = m - i < rows ? m - i : rows;
      const T* from = a.data + i * a.row;
      if (a.row == 1 && count == rows) {
        for (int64_t p = 0; p < k; p++, to += rows) memcpy(to, from + p * a.column, rows * sizeof(T));
        continue;
      }
      if (count < rows) memset(to, 0, k * rows * sizeof(T));
      for (int64_t r = 0; r < count; r++)
        for (int64_t p = 0; p < k; p++) to[p * rows + r] = from[r * a.row + p * a.column];
      to += k * rows;
    }
  }

  /** [k x columns] as k groups of `columns` entries. */
  static void packColumns(T* to, Matrix<const T> b, int64_t k, int64_t n) {
    for (int64_t j = 0; j < n; j += columns) {
      const int64_t count = n - j < columns ? n - j : columns;
      const T* from = b.data + j * b.column;
      if (b.column == 1 && count == columns) {
        for (int64_t p = 0; p < k; p++, to += columns) memcpy(to, from + p * b.row, columns * sizeof(T));
        continue;
      }
      if (count < columns) memset(to, 0, k * columns * sizeof(T));
      if (b.row == 1)
        for (int64_t c = 0; c < count; c++)
          for (int64_t p = 0; p < k; p++) to[p * columns + c] = from[p + c * b.column];
      else
        for (int64_t p = 0; p < k; p++)
          for (int64_t c = 0; c < count; c++) to[p * columns + c] = from[p * b.row + c * b.column];
      to += k * columns;
    }
  }

  /** c [rows x columns], contiguous in rows of stride `step` (= or +=) a tile of products. */
  static inline void tile(const T* a, const T* b, int64_t k, T* c, int64_t step, bool add) {
    V sum[rows][vectors];
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
      for (int v = 0; v < vectors; v++) sum[r][v] = V{};
    for (int64_t p = 0; p < k; p++, a += rows, b += columns) {
      V x[vectors];
#pragma GCC unroll 2
      for (int v = 0; v < vectors; v++) x[v] = load<V>(b + v * width);
#pragma GCC unroll 16
      for (int r = 0; r < rows; r++) {
        const V y = filled<V>(a[r]);
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) sum[r][v] = fma(y, x[v], sum[r][v]);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 2
      for (int v = 0; v < vectors; v++) {
        T* at = c + r * step + v * width;
        store<V>(at, add ? load<V>(at) + sum[r][v] : sum[r][v]);
      }
  }

  /** R rows of C, of U vectors, from the rows of A and B where they lie: sums are the same as those of `tile`. */
  template <int R, int U, class Part>
  static inline void direct(const T* a, int64_t aRow, int64_t aColumn, const T* b, int64_t bRow, int64_t k, T* c, int64_t step,
                            bool add, Part part) {
    V sum[R][U];
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
      for (int v = 0; v < U; v++) sum[r][v] = V{};
    for (int64_t p = 0; p < k; p++, a += aColumn, b += bRow) {
      V x[U];
#pragma GCC unroll 2
      for (int v = 0; v < U; v++) x[v] = part.load(b + v * width);
#pragma GCC unroll 16
      for (int r = 0; r < R; r++) {
        const V y = filled<V>(a[r * aRow]);
#pragma GCC unroll 2
        for (int v = 0; v < U; v++) sum[r][v] = fma(y, x[v], sum[r][v]);
      }
    }
#pragma GCC unroll 16
    for (int r = 0; r < R; r++)
#pragma GCC unroll 2
      for (int v = 0; v < U; v++) {
        T* at = c + r * step + v * width;
        part.store(at, add ? part.load(at) + sum[r][v] : sum[r][v]);
      }
  }

  /** The rows of C along U of its vectors: tiles of R rows, and of half as many where fewer are left. */
  template <int R, int U, class Part>
  static void directRows(int64_t m, int64_t k, Matrix<const T> a, const T* b, int64_t bRow, T* c, int64_t step, bool add, Part part) {
    int64_t i = 0;
    for (; i + R <= m; i += R) direct<R, U>(a.data + i * a.row, a.row, a.column, b, bRow, k, c + i * step, step, add, part);
    if constexpr (R > 1) {
      constexpr int fewer = R > 8 ? 8 : R > 4 ? 4 : R / 2;
      if (i < m) directRows<fewer, U>(m - i, k, {a.data + i * a.row, a.row, a.column}, b, bRow, c + i * step, step, add, part);
    }
  }

  /**
   * Whether packing would take longer than what it saves: A and B stay in the cache as they lie, rows of B and C are vectors, and
   * C is not what is still to be read of B.
   */
  static bool isDirect(int64_t m, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c) {
    constexpr int64_t close = 65536 / sizeof(T);
    return ONWARD_BYTES >= 32 && k <= depth && b.column == 1 && c.column == 1 && c.data != b.data && k * b.row <= close &&
           m * a.row <= close && k * a.column <= close;
  }

  static void run(int64_t m, int64_t n, int64_t k, Matrix<const T> a, Matrix<const T> b, Matrix<T> c, bool add,
                  T* work) {
    // results are written along rows of C
    if (c.column != 1 && c.row == 1) {
      run(n, m, k, b.transposed(), a.transposed(), c.transposed(), add, work);
      return;
    }
    if (isDirect(m, k, a, b, c)) {
      int64_t j = 0;
      for (; j + columns <= n; j += columns)
        directRows<rows, vectors>(m, k, a, b.data + j, b.row, c.data + j, c.row, add, Whole<V>());
      for (; j < n; j += width)
        directRows<rows, 1>(m, k, a, b.data + j, b.row, c.data + j, c.row, add, First<V>(n - j < width ? n - j : width));
      return;
    }
    T* const packedA = work;
    T* const packedB = work + depth * blockRows;
    for (int64_t j0 = 0; j0 < n; j0 += blockColumns) {
      const int64_t nb = n - j0 < blockColumns ? n - j0 : blockColumns;
      for (int64_t p0 = 0; p0 < k; p0 += depth) {
        const int64_t kb = k - p0 < depth ? k - p0 : depth;
        packColumns(packedB, {b.data + p0 * b.row + j0 * b.column, b.row, b.column}, kb, nb);
        for (int64_t i0 = 0; i0 < m; i0 += blockRows) {
          const int64_t mb = m - i0 < blockRows ? m - i0 : blockRows;
          packRows(packedA, {a.data + i0 * a.row + p0 * a.column, a.row, a.column}, mb, kb);
          for (int64_t j = 0; j < nb; j += columns)
            for (int64_t i = 0; i < mb; i += rows) {
              T* at = c.data + (i0 + i) * c.row + (j0 + j) * c.column;
              const bool more = add || p0 > 0;
              const T* left = packedA + i * kb;
              const T* right = packedB + j * kb;
              if (c.column == 1 && mb - i >= rows && nb - j >= columns) {
                tile(left, right, kb, at, c.row, more);
                continue;
              }
              T edge[rows * columns];
              tile(left, right, kb, edge, columns, false);
              const int64_t mr = mb - i < rows ? mb - i : rows, nr = nb - j < columns ? nb - j : columns;
              for (int64_t r = 0; r < mr; r++)
                for (int64_t s = 0; s < nr; s++) {
                  T& to = at[r * c.row + s * c.column];
                  to = more ? to + edge[r * columns + s] : edge[r * columns + s];
                }
            }
        }
      }
    }
  }
};

}  // namespace ONWARD_ISA
}  // namespace onward
