// Expected values of the metrics, above each function. Rules: docs/metrics.md.
package metrics

// metrics: cyclomatic=1 cognitive=0 nesting=0 params=0 exits=0
func nothing() {}

// metrics: cyclomatic=3 cognitive=3 nesting=1 params=1 exits=3
func sign(number int) int {
	if number > 0 {
		return 1
	} else if number < 0 {
		return -1
	} else {
		return 0
	}
}

// metrics: cyclomatic=3 cognitive=4 nesting=2 params=2
func nestedInElse(left, right bool) {
	if left {
		go run()
	} else {
		if right {
			run()
		}
	}
}

// metrics: cyclomatic=4 cognitive=6 nesting=3
func threeDeep(rows [][]int) {
	for _, row := range rows {
		for i := 0; i < len(row); i++ {
			if row[i] > 0 {
				run()
			}
		}
	}
}

// A loop without a condition decides nothing by itself.
// metrics: cyclomatic=2 cognitive=3
func endless() {
	for {
		if run() {
			break
		}
	}
}

// metrics: cyclomatic=2 cognitive=1 nesting=1
func while(n int) {
	for n > 0 {
		n--
	}
}

// metrics: cyclomatic=3 cognitive=1 exits=3
func word(number int) string {
	switch number {
	case 1, 2:
		return "few"
	case 3:
		return "some"
	default:
		return "many"
	}
}

// metrics: cyclomatic=4 cognitive=2
func noTag(number int) {
	switch {
	case number > 0 && number < 9:
		run()
	case number == 0:
		fallthrough
	default:
		run()
	}
}

// metrics: cyclomatic=3 cognitive=1
func byType(value any) {
	switch value.(type) {
	case int:
		run()
	case string, bool:
		run()
	}
}

// metrics: cyclomatic=2 cognitive=1
func receive(in, out chan int) {
	select {
	case <-in:
		run()
	default:
	}
}

// metrics: cyclomatic=6 cognitive=3
func sequences(a, b, c, d, e, f bool) bool {
	return a && b && c || d || e && f
}

// metrics: cyclomatic=4 cognitive=2
func parentheses(a, b, c, d bool) bool {
	return a && (b && !(c && d))
}

// metrics: cyclomatic=4 cognitive=8 nesting=3
func jumps(rows [][]int) {
outer:
	for _, row := range rows {
		for _, cell := range row {
			if cell == 0 {
				continue outer
			}
		}
	}
	goto outer
}

// metrics: cyclomatic=2 cognitive=2 exits=2
func count(n int) int {
	if n == 0 {
		return 0
	}
	return count(n - 1)
}

// metrics: cyclomatic=2 cognitive=2 nesting=2
func lambda(run func(func() bool)) {
	run(func() bool {
		if run != nil {
			return true
		}
		return false
	})
}

// metrics: cyclomatic=1 cognitive=2
func namedLambda() {
	// metrics: cyclomatic=2 cognitive=1 name=check params=1
	check := func(a bool) {
		if a {
			run()
		}
	}
	check(true)
}

type stack struct{ items []int }

// The receiver is no parameter, and says whose method it is.
// metrics: cyclomatic=2 cognitive=2 params=1 qualified=stack.drain
func (s *stack) drain(n int) {
	if n > 0 {
		s.drain(n - 1)
	}
}

// What is called on another object is another method.
// metrics: cyclomatic=1 cognitive=0 params=0
func (s *stack) close() {
	s.inner.close()
	close(s.done)
}

// metrics: params=4 exits=1
func parameters(a, b int, c string, rest ...any) (x, y int, err error) {
	return 1, 2, nil
}
