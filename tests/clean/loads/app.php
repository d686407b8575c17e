<?php
// SPDX-License-Identifier: Apache-2.0
echo 'php-fpm ', array_sum(range(1, 100000)), "\n";
