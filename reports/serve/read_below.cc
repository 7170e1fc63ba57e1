#include "reports/serve/read_below.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "reports/file_io.h"

namespace reports {
namespace {

using gate::Error;
using gate::ErrorCode;
using gate::Result;

constexpr std::size_t kPiece = std::size_t{1} << 20U;

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() { Close(); }
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    Close();
    value_ = std::exchange(other.value_, -1);
    return *this;
  }
  int get() const { return value_; }

 private:
  void Close() const {
    if (value_ >= 0) ::close(value_);
  }
  int value_;
};

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto high = i + 1 < text.size() ? HexDigit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? HexDigit(text[i + 2]) : std::nullopt;
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return decoded;
}

bool IsHarmless(const std::string& segment) {
  return !segment.empty() && segment.front() != '.' &&
         std::none_of(segment.begin(), segment.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < ' ' || byte == 0x7F || c == '/' || c == '\\';
         });
}

Error NoSuchFile() { return {ErrorCode::kNotFound, "there is no such file"}; }

// Segment by segment, so that no link is followed even if one appears meanwhile.
Result<Descriptor> OpenBelow(const std::string& folder, const std::vector<std::string>& segments) {
  if (segments.empty()) return NoSuchFile();
  Descriptor at(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (std::size_t i = 0; i < segments.size() && at.get() >= 0; ++i) {
    const int kind = i + 1 < segments.size() ? O_DIRECTORY : O_NONBLOCK;
    at = Descriptor(
        ::openat(at.get(), segments[i].c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | kind));
  }
  if (at.get() < 0) return NoSuchFile();
  return at;
}

Result<struct stat> StatOf(const Descriptor& file) {
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return FileError("file", errno);
  if (!S_ISREG(info.st_mode)) return NoSuchFile();
  return info;
}

// Up to `size` bytes from `from` on.
Result<std::string> ReadAt(const Descriptor& file, std::size_t from, std::size_t size) {
  std::string text(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t count =
        ::pread(file.get(), text.data() + filled, size - filled, static_cast<off_t>(from + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError("file", errno);
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  text.resize(filled);
  return text;
}

}  // namespace

std::optional<std::vector<std::string>> SplitPath(std::string_view path) {
  std::vector<std::string> segments;
  for (;;) {
    const std::size_t slash = path.find('/');
    auto segment = PercentDecode(path.substr(0, slash));
    if (!segment || !IsHarmless(*segment)) return std::nullopt;
    segments.push_back(*std::move(segment));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

Result<std::string> ReadBelow(const std::string& folder, const std::vector<std::string>& segments,
                              std::size_t limit) {
  const auto file = OpenBelow(folder, segments);
  if (!file) return file.error();
  const auto info = StatOf(*file);
  if (!info) return info.error();
  const auto size = static_cast<std::size_t>(info->st_size);
  if (size > limit) return Error{ErrorCode::kInvalidArgument, "the file is too large to be shown"};
  return ReadAt(*file, 0, size);
}

Result<Piece> ReadPiece(const std::string& folder, const std::string& name,
                        const std::string& file_id, std::size_t after) {
  const auto file = OpenBelow(folder, {name});
  if (!file) return file.error();
  const auto info = StatOf(*file);
  if (!info) return info.error();
  Piece piece;
  piece.file_id = std::to_string(info->st_dev) + "-" + std::to_string(info->st_ino);
  const bool goes_on = file_id == piece.file_id && after <= static_cast<std::size_t>(info->st_size);
  piece.next = goes_on ? after : 0;
  for (const std::size_t size : {kPiece, kLongestJournalLine}) {
    auto text = ReadAt(*file, piece.next, size);
    if (!text) return std::move(text).error();
    const std::size_t end = text->rfind('\n');
    if (end == std::string::npos) continue;
    text->resize(end + 1);
    piece.lines = *std::move(text);
    piece.next += piece.lines.size();
    break;
  }
  return piece;
}

}  // namespace reports
