UPDATE outgoing_webhook SET secret_before_sealed = X'0102', secret_before_until_ms = 1767312000000;
