UPDATE task SET attempts_lost = 1 WHERE attempts > 1;
