// Package worker hands orders to the warehouse.
package worker

import (
	"context"
	"errors"
	"fmt"
)

// ErrTooLarge is returned for a parcel that no carrier takes.
var ErrTooLarge = errors.New("parcel is too large")

const (
	weightMaxGrams = 31_500
	lengthMaxMM    = 1_200
	widthMaxMM     = 600
)

// Parcel is what a carrier fetches.
type Parcel struct {
	OrderID     string
	WeightGrams int
	LengthMM    int
	WidthMM     int
}

// Warehouse books parcels.
type Warehouse interface {
	Book(ctx context.Context, parcel Parcel) (string, error)
}

// Ship books a parcel and returns its tracking number.
func Ship(ctx context.Context, warehouse Warehouse, parcel Parcel) (string, error) {
	if parcel.WeightGrams > weightMaxGrams {
		return "", ErrTooLarge
	}
	tracking, err := warehouse.Book(ctx, parcel)
	if err != nil {
		return "", fmt.Errorf("booking order %s: %w", parcel.OrderID, err)
	}
	return tracking, nil
}
