"""What callers give: plain values out of those of other libraries, or one error of ours."""
