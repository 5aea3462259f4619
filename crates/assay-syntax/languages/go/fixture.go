//go:build linux

// Package ledger keeps deposits and withdrawals.
package ledger

import "fmt"
import (
	"os"
	_ "embed"
	. "math"
	paths "path/filepath"
)

// Limit is the largest amount of one entry.
const Limit = 10_000

const (
	Deposit Kind = iota
	Withdrawal
)

var rate, names = 0.25, []string{"a", `raw "b"`}

type Kind int

// Entry is one line of the ledger.
type Entry[T any] struct {
	*Base
	// Amount is in cents.
	Amount, Fee int64 `json:"amount"`
	Note string
	next *Entry[T]
}

/* Describer says an entry in words. */
type Describer interface {
	fmt.Stringer
	~int | ~string
	Describe(width int, unit string) (text string, err error)
	Short(int, string) string
}

type Amount = int64

type handler func(w Writer, r *Request) error

func Describe(amount int64, unit, label string, extras ...interface{}) (string, error) {
	// The width counts the unit too.
	text := fmt.Sprintf("%s: %d %s", label, amount, unit)
	if len(extras) > 0 && amount >= Limit || !ok(text) {
		return "", nil
	} else if err := check(amount); err != nil {
		return "", err
	} else {
		text += "!"
	}
	return text, nil
}

// Rename gives the entry another note.
func (e *Entry[T]) Rename(note string, _ int) {
	e.Note = note
	e.next.Amount++
}

func (Entry[T]) Kind() (kind Kind) { return }

func unnamed(int, string) {}

func sqrt(x float64) float64

func classify(value interface{}, kind Kind) rune {
	switch kind {
	case Deposit, Withdrawal:
		fallthrough
	case 7:
		break
	default:
		panic("what is it?")
	}
	switch {
	case kind < 3:
	}
	switch v := value.(type) {
	case nil:
		return 'n'
	case int, *Entry[int]:
		return rune(v.(int))
	}
	return '\''
}

func count[K comparable, V int | float64](entries map[K]V, by func(a, b V) bool) (total V) {
	defer func() {
		if r := recover(); r != nil {
			total = -1
		}
	}()
outer:
	for i, n := 0, len(entries); i < n; i++ {
		for key, entry := range entries {
			if by(entry, entry) == true {
				continue outer
			}
			_ = key
		}
		for total < 10 {
			total += V(i << 2 &^ 1)
		}
		for {
			break outer
		}
	}
	for range entries {
		goto end
	}
end:
	total--
	return total
}

func pass(in chan int, out chan<- int) {
	go func(limit int) { out <- limit }(3)
	select {
	case x, ok := <-in:
		fmt.Println(x, ok, names[0], names[1:2])
	case out <- 1:
	default:
	}
	twice := func(x int) int { return x * 2 }
	table := map[string][]int{"a": {1, 2}, "b": nil}
	var point = &Entry[int]{Amount: 0x1F, Note: "none"}
	var z complex128 = 2i
	os.Exit(twice(int(table["a"][0])) % 2)
	var list [3]int = [...]int{1, 2, 3}; _, _, _ = point, z, list
}
