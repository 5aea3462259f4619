module example.org/order-service/worker

go 1.22
