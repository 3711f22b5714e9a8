"""Make, prove, measure and squeeze data at memory speed."""
