// Expected values of the metrics, above each function. Rules: docs/metrics.md.
namespace metrics {

// metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0 qualified=metrics.nothing
void nothing() {}

// metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=3
int sign(int number) {
    if (number > 0) {
        return 1;
    } else if (number < 0) {
        return -1;
    } else {
        return 0;
    }
}

// metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
void nestedInElse(bool left, bool right) {
    if (left) go();
    else { if (right) go(); }
}

// metrics: cyclomatic=3 cognitive=3 nesting=2
void each(const std::vector<int>& numbers) {
    for (auto& number : numbers) {
        if (number) go();
    }
}

// metrics: cyclomatic=4 cognitive=4 nesting=2 exits=1
void handlers() {
    try {
        go();
    } catch (const std::exception& error) {
        if (error.what()) throw;
    } catch (...) {
        stop();
    }
}

// metrics: cyclomatic=6 cognitive=3
bool sequences(bool a, bool b, bool c, bool d, bool e, bool f) {
    return a && b && c || d || e && f;
}

// metrics: cyclomatic=3 cognitive=2
bool words(bool a, bool b, bool c) {
    return a and not (b and c);
}

// metrics: cyclomatic=3 cognitive=1 exits=2
int word(int number) {
    switch (number) {
        case 1:
        case 2: return 1;
        case 3:
        case 4: return 2;
    }
}

// metrics: cyclomatic=2 cognitive=2 nesting=2
void lambda() {
    run([](int n) {
        if (n) stop();
    });
}

// metrics: cyclomatic=1 cognitive=2
void namedLambda() {
    // metrics: cyclomatic=2 cognitive=1 name=check
    auto check = [](int n) { return n ? 1 : 0; };
    check(1);
}

// metrics: cyclomatic=2 cognitive=2
template <typename T>
T count(T n) {
    return n == 0 ? 0 : count(n - 1);
}

// class-metrics: methods=3 cyclomatic=4 cognitive=3
class Stack {
public:
    // metrics: cyclomatic=1 params=1 qualified=metrics.Stack.Stack
    explicit Stack(int size) : size(size) {}

    // metrics: cyclomatic=2 cognitive=2
    void drain() {
        if (size--) this->drain();
    }

    // metrics: cyclomatic=1 cognitive=1
    int loop() { return loop(); }

    int area() const;

private:
    int size;
};

// metrics: cyclomatic=2 cognitive=1 params=0
int Stack::area() const {
    return size ? 1 : 0;
}

// metrics: params=3
void parameters(int a, const std::string& b = "x", std::function<void(int, int)> c = nullptr) {}

}  // namespace metrics
