/** A small ledger of deposits and withdrawals. */
#include <vector>
#include "storage.hpp"

#if defined(DEBUG)
#define LIMIT 10
#elif VERSION
#elifdef OTHER
#else
#define LIMIT 10'000
#endif

using namespace std;
using Amount = long long;
namespace shapes::round { constexpr double pi = 3.14; }
namespace sr = shapes::round;
static_assert(sizeof(int) == 4, "size");

enum class Kind : int { Deposit, Withdrawal = 2 };
union Bits { int whole; float half; };
typedef struct { int left, right; } Pair;

template <typename T, int N = 3, class... Rest>
concept Small = requires(T a) { a + 1; };

namespace {
int *hidden(int count);
}

namespace ledger {

/// One line of the ledger.
class Entry : public Base<int>, private virtual Other::Nested {
public:
    Entry() = default;
    Entry(const Entry &) = delete;
    explicit Entry(Amount amount, std::string note = "none") : Base(amount), note_{note} {}
    virtual ~Entry() { delete[] values_; }

    Entry &operator=(const Entry &other);
    bool operator==(const Entry &other) const noexcept { return amount_ == other.amount_; }
    explicit operator bool() const { return amount_ != 0; }
    int operator()(int a, int b) { return a + b; }
    auto operator<=>(const Entry &) const = default;
    virtual Amount weigh() const = 0;
    static int count;
    [[nodiscard]] Amount amount() const { return amount_; }
    template <class U> void each(U &&visit, auto... rest) { visit(*this, rest...); }
    friend std::ostream &operator<<(std::ostream &, const Entry &);

private:
    Amount amount_ = 0, *values_;
    std::string note_; // Not owned.
    int (*compare_)(int, int);
    struct Node { Node *next; };
};

Entry &Entry::operator=(const Entry &other) { amount_ = other.amount_; return *this; }
Entry::Entry(int a) try : Base(a) { } catch (...) { throw; }
Entry::~Entry() {}
template <> const Entry *shapes::Table<int>::find(Kind kind, int &&width) const { return nullptr; }

int classify(const Entry &entry, Kind kind, int counts[], ...) {
    if (entry.amount() > LIMIT && counts[0] >= 3 or not counts) {
        return -1;
    } else if (auto found = entry.weigh(); found <=> 1 < 0) {
        return 0x1F;
    } else {
        ;
    }
    switch (kind) {
    case Kind::Deposit:
    case Kind::Withdrawal: {
        [[fallthrough]];
    }
    default:
        goto end;
    }
end:
    return kind == Kind::Deposit ? 1 : 2;
}

template <typename T>
auto total(const std::vector<T> &entries, T start = T{}) -> T {
    Entry first(1, "a"), *made = new Entry(2);
    for (size_t i = 0; i < entries.size(); ++i) {
        if (i % 2) continue;
        while (start <= 10) start += i << 2;
        do { --start; } while (start > 100);
    }
    for (const auto &[key, value] : entries) {
        if (key == value) break;
    }
    try {
        made->each([&, start](int by, auto x) mutable -> int { return by * x; });
    } catch (const std::exception &error) {
        std::cerr << error.what() << R"(raw "text")" << '\'';
    }
    auto twice = [](int x) { return x * 2; };
    int list[] = {1, 2, twice(3)};
    *made = Entry{static_cast<int>(1.5)};
    __try { list[0] = ~1; } __except (1) { __leave; }
    __try { first = *made; } __finally { delete made; }
    return true ? start : T(false);
}

generator<int> numbers(int n) {
    if (n == 0) throw std::runtime_error("none");
    co_await ready();
    co_yield n;
    co_return;
}

} // namespace ledger
