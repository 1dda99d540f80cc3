// Prediction of rows on the host: pieces through page-locked memory, two in flight.
#include <algorithm>
#include <array>
#include <memory>
#include <type_traits>

#include "base/error.hpp"
#include "base/tasks.hpp"
#include "cuda/predict.hpp"
#include "cuda/stream.hpp"

namespace ramet::cuda {
namespace {

constexpr std::int64_t most_piece_rows = std::int64_t{1} << 20;
constexpr std::int64_t rows_per_task = 4'096;

// How a piece lies in page-locked memory: whole rows where these are contiguous and mostly used, else only
// the columns that are used, one after the other.
struct PieceForm {
  bool whole_rows = false;
  std::int64_t columns = 0;
  std::int64_t rows = 0;
};

template <class T>
PieceForm piece_form(const DevicePredictor& predictor, const RowMatrix<T>& rows, std::int64_t bytes) {
  const auto used = static_cast<std::int64_t>(predictor.used_features().size());
  PieceForm form;
  form.whole_rows = rows.col_stride == 1 && 4 * used >= predictor.features();
  form.columns = form.whole_rows ? predictor.features() : used;
  const std::int64_t row_bytes = std::max<std::int64_t>(form.columns, predictor.outputs()) * 8;
  form.rows = std::clamp(bytes / row_bytes, panel_rows, most_piece_rows);
  form.rows = std::min(form.rows, (rows.rows + panel_rows - 1) / panel_rows * panel_rows);
  return form;
}

// One of the two pieces in flight. Its stream is last, so that it is waited for before memory is freed.
template <class T>
struct Piece {
  Piece(const DevicePredictor& predictor, const PieceForm& form)
      : host_values(static_cast<std::size_t>(form.rows * form.columns)),
        host_scores(static_cast<std::size_t>(form.rows * predictor.outputs())),
        values(host_values.size()),
        scores(host_scores.size()),
        workspace(predictor.workspace(form.rows)) {}

  std::int64_t first = 0;
  std::int64_t rows = 0;  // 0: nothing in flight
  PinnedArray<T> host_values;
  PinnedArray<std::int64_t> host_scores;
  DeviceArray<T> values;
  DeviceArray<std::int64_t> scores;
  PredictWorkspace workspace;
  Stream stream;
};

template <class T>
class Pipeline {
 public:
  Pipeline(const DevicePredictor& predictor, const RowMatrix<T>& rows, const HostPrediction& how)
      : predictor_(predictor),
        rows_(rows),
        form_(piece_form(predictor, rows, how.piece_bytes)),
        tasks_(how.threads),
        pieces_{std::make_unique<Piece<T>>(predictor, form_), std::make_unique<Piece<T>>(predictor, form_)},
        result_(static_cast<std::size_t>(rows.rows * predictor.outputs())) {
    if (rows_.row_stride == 0) rows_.row_stride = predictor.features();
  }

  std::vector<std::int64_t> run() {
    std::size_t next = 0;
    for (std::int64_t first = 0; first < rows_.rows; first += form_.rows) {
      Piece<T>& piece = *pieces_[next];
      next = 1 - next;
      take(piece);
      piece.first = first;
      piece.rows = std::min(form_.rows, rows_.rows - first);
      fill(piece);
      enqueue(piece);
    }
    for (const std::unique_ptr<Piece<T>>& piece : pieces_) take(*piece);
    return std::move(result_);
  }

 private:
  // Waits for a piece and copies its scores.
  void take(Piece<T>& piece) {
    if (piece.rows == 0) return;
    piece.stream.synchronize();
    const std::int64_t outputs = predictor_.outputs();
    std::copy_n(piece.host_scores.data(), piece.rows * outputs, result_.begin() + piece.first * outputs);
    piece.rows = 0;
  }

  void fill(Piece<T>& piece) {
    tasks_.for_ranges(piece.rows, rows_per_task, [&](std::int64_t begin, std::int64_t end) {
      const T* from = rows_.values + piece.first * rows_.row_stride;
      T* to = piece.host_values.data();
      if (form_.whole_rows) {
        for (std::int64_t r = begin; r < end; ++r) {
          std::copy_n(from + r * rows_.row_stride, form_.columns, to + r * form_.columns);
        }
        return;
      }
      for (std::int64_t c = 0; c < form_.columns; ++c) {
        const T* column = from + predictor_.used_features()[static_cast<std::size_t>(c)] * rows_.col_stride;
        for (std::int64_t r = begin; r < end; ++r) to[c * piece.rows + r] = column[r * rows_.row_stride];
      }
    });
  }

  void enqueue(Piece<T>& piece) {
    cudaStream_t stream = piece.stream.get();
    copy(piece.values.data(), piece.host_values.data(), static_cast<std::size_t>(piece.rows * form_.columns),
         stream);
    RowMatrix<T> on_device = rows_;
    on_device.values = piece.values.data();
    on_device.rows = piece.rows;
    on_device.row_stride = form_.whole_rows ? form_.columns : 1;
    on_device.col_stride = form_.whole_rows ? 1 : piece.rows;
    predictor_.start(piece.rows, piece.scores.data(), stream);
    predictor_.add_scores(on_device, !form_.whole_rows, piece.workspace, piece.scores.data(), stream);
    copy(piece.host_scores.data(), piece.scores.data(),
         static_cast<std::size_t>(piece.rows * predictor_.outputs()), stream);
  }

  const DevicePredictor& predictor_;
  RowMatrix<T> rows_;
  PieceForm form_;
  Tasks tasks_;
  std::array<std::unique_ptr<Piece<T>>, 2> pieces_;
  std::vector<std::int64_t> result_;
};

}  // namespace

template <class T>
std::vector<std::int64_t> predict_scores(const DevicePredictor& predictor, const RowMatrix<T>& rows,
                                         const HostPrediction& how) {
  if (rows.rows < 0) fail(ErrorCode::invalid_data, "rows = {}: must be at least 0", rows.rows);
  if (rows.rows == 0) return {};
  if (rows.values == nullptr && predictor.features() > 0) {
    fail(ErrorCode::invalid_data, "no values were given for {} rows", rows.rows);
  }
  const CurrentDevice current(predictor.device());
  return Pipeline<T>(predictor, rows, how).run();
}

template std::vector<std::int64_t> predict_scores(const DevicePredictor&, const RowMatrix<float>&,
                                                  const HostPrediction&);
template std::vector<std::int64_t> predict_scores(const DevicePredictor&, const RowMatrix<double>&,
                                                  const HostPrediction&);

}  // namespace ramet::cuda
