module evaluate

go 1.19
