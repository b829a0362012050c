/* A program for the guest to run; NAME makes each one's digest its own. */
#include <stdio.h>

int main(void)
{
    puts("this is " NAME);
    return 0;
}
